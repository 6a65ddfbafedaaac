import { Compensate, redress, Retry, Step } from '@redress/decorators';
import { memoryStore } from '@redress/memory';
import { interleave, ratio, row, whole } from './measure.mjs';

const CALLS = 200_000;

class Bare {
  async add(n) {
    return n + 1;
  }
}

/** A class with marks, as a compiler makes it of decorators. */
function marked(...decorators) {
  class Marked {
    async add(n) {
      return n + 1;
    }
    async undo() {}
  }
  for (const decorate of decorators) {
    const descriptor = Object.getOwnPropertyDescriptor(Marked.prototype, 'add');
    decorate(Marked.prototype, 'add', descriptor);
    Object.defineProperty(Marked.prototype, 'add', descriptor);
  }
  return Marked;
}

async function callsPerSecond(target) {
  const started = performance.now();
  let n = 0;
  for (let i = 0; i < CALLS; i++) n = await target.add(n);
  return (CALLS / (performance.now() - started)) * 1000;
}

/** What a mark costs where no saga is running: the redirect, and for a policy its chain. */
export async function decoratedCalls(print, rounds) {
  const Stepped = marked(
    Step({ name: 'Stepped.add' }),
    Compensate((self) => self.undo, { total: true }),
  );
  const Read = marked(Step({ readOnly: true, name: 'Read.add' }));
  const Retried = marked(Retry({ maxRetries: 3 }));
  const [bare, stepped, read, retried] = [new Bare(), new Stepped(), new Read(), new Retried()];
  const app = await redress({ store: memoryStore(), instances: [stepped, read], worker: false });
  const medians = await interleave(
    {
      bare: () => callsPerSecond(bare),
      '@Step @Compensate': () => callsPerSecond(stepped),
      '@Step': () => callsPerSecond(read),
      '@Retry': () => callsPerSecond(retried),
    },
    rounds,
  );
  await app.stop();
  print('A call outside of any saga, before the first one ran, and as a multiple of the bare call of the same method:');
  const widths = [18, 12, 10];
  print(row(['mark', 'ns per call', '× bare'], widths));
  for (const [name, rate] of Object.entries(medians)) print(row([name, whole(1e9 / rate), ratio(medians.bare / rate)], widths));
}

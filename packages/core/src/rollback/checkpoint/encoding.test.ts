import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../base/clock.js';
import { Account, open, shown } from './bank.fixture.js';
import { createEnvironment } from '../../base/environment.js';
import { Calls } from './calls.js';
import { checkpointed } from './checkpoints.js';
import { Encoding, changedFrames } from './encoding.js';
import { apply, readFrames } from './frames.js';
import type { State } from './frames.js';
import { Holder } from './holder.js';
import { CELLS } from './tracked.js';
import { TrackedMap } from './tracked-map.js';
import { Tracker } from './tracker.js';
import { v8Codec } from './v8-codec.js';

const codec = v8Codec();
const decode = (frames: readonly Uint8Array[], state: State = new Map()): State => {
  apply(state, readFrames(codec, Buffer.concat(frames)));
  return state;
};

type Write = readonly [kind: 'set' | 'delete' | 'clear' | 'failed', key: number];
const writes = fc.array(fc.tuple(fc.constantFrom('set', 'set', 'set', 'delete', 'delete', 'failed', 'clear'), fc.nat(60)), {
  maxLength: 60,
});

function build(size: number): {
  readonly holder: Holder;
  readonly map: TrackedMap<number, { readonly n: number }>;
  write(write: Write, n: number): void;
} {
  const holder = new Holder('test', 'throw');
  const map = new TrackedMap<number, { readonly n: number }>(Array.from({ length: size }, (_, i) => [i, { n: i }]));
  holder.adopt(map[CELLS], 'map');
  const write = ([kind, key]: Write, n: number): void => {
    if (kind === 'set') map.set(key, { n });
    else if (kind === 'delete') map.delete(key);
    else if (kind === 'clear') map.clear();
    else {
      const cells = map[CELLS];
      cells.write(key, { n }, holder.log);
      cells.write(key + 1, { n }, holder.log);
      holder.log.revertTo(0);
    }
  };
  return { holder, map, write };
}

describe('a state that is encoded while it is written to', () => {
  it('is that of the beginning, entry by entry and in its order', () => {
    fc.assert(
      fc.property(writes, writes, fc.integer({ min: 1, max: 5 }), (before, during, each) => {
        const { holder, map, write } = build(50);
        before.forEach((one, i) => write(one as Write, i));
        const expected = [...map];
        const encoding = new Encoding(holder, codec).begin();
        const frames: Uint8Array[] = [];
        let at = 0;
        for (const frame of encoding.frames()) {
          frames.push(frame);
          for (let i = 0; i < each && at < during.length; i++) write(during[at++] as Write, 1000 + at);
        }
        encoding.end();
        expect([...(decode(frames).get('map') ?? [])]).toEqual(expected);
        for (const one of during.slice(at)) write(one as Write, 5000);
        // Nothing is left behind of what was deleted meanwhile.
        expect(map[CELLS].present.gone).toBe(0);
        expect(map[CELLS].present.map.size).toBe(map.size);
      }),
      { numRuns: 500 },
    );
  });

  it('is that of the last commit, when it begins in the middle of a call, whatever becomes of that', async () => {
    const plan = fc.record({
      before: writes,
      half: writes,
      rest: writes,
      later: writes,
      fails: fc.boolean(),
      steps: fc.array(fc.nat(3), { minLength: 4, maxLength: 4 }),
    });
    await fc.assert(
      fc.asyncProperty(plan, async ({ before, half, rest, later, fails, steps }) => {
        const { holder, map } = build(50);
        const calls = new Calls(holder, { environment: createEnvironment(), lockTimeoutMs: 1000, maxQueue: 10 });
        const apply = (all: readonly Write[], n: number): void => {
          for (const [kind, key] of all) {
            if (kind === 'set' || kind === 'failed') map.set(key, { n });
            else if (kind === 'delete') map.delete(key);
            else map.clear();
          }
        };
        await calls.run('before', () => apply(before as Write[], 1));
        const expected = [...map];
        const frames: Uint8Array[] = [];
        let source: Iterator<Uint8Array> | undefined;
        const go = (count: number): void => {
          for (let i = 0; i < count; i++) {
            const next = source?.next();
            if (next?.done === false) frames.push(next.value);
          }
        };
        let encoding: Encoding | undefined;
        const call = calls.run('call', async () => {
          apply(half as Write[], 2);
          encoding = new Encoding(holder, codec).begin();
          source = encoding.frames();
          go(steps[0] ?? 0);
          await Promise.resolve();
          apply(rest as Write[], 3);
          go(steps[1] ?? 0);
          if (fails) throw new Error('no');
        });
        await call.catch(() => {});
        go(steps[2] ?? 0);
        await calls.run('later', () => apply(later as Write[], 4));
        go(1000);
        encoding?.end();
        expect([...(decode(frames).get('map') ?? [])]).toEqual(expected);
        expect(map[CELLS].present.gone).toBe(0);
      }),
      { numRuns: 400 },
    );
  });

  it('and what has changed since, applied to it, is the state of now', () => {
    fc.assert(
      fc.property(fc.array(writes, { maxLength: 5 }), (rounds) => {
        const { holder, map, write } = build(20);
        const tracker = new Tracker();
        holder.trackers.add(tracker);
        const state = decode([...new Encoding(holder, codec).frames()]);
        rounds.forEach((round, r) => {
          round.forEach((one, i) => write(one as Write, r * 100 + i));
          decode([...changedFrames(holder, codec, tracker.take())], state);
          expect([...(state.get('map') ?? [])]).toEqual([...map]);
        });
      }),
      { numRuns: 300 },
    );
  });

  it('does not keep the event loop for long', async () => {
    const { holder, map } = build(0);
    for (let i = 0; i < 20_000; i++) map.set(i, { n: i });
    const encoding = new Encoding(holder, codec).begin();
    const { inSlices } = await import('./encoding.js');
    let turnsSeen = 0;
    let isOver = false;
    const count = (): void => void (isOver || ((turnsSeen += 1), setImmediate(count)));
    setImmediate(count);
    let bytes = 0;
    await inSlices(systemClock, encoding.frames(), (frame) => (bytes += frame.length));
    isOver = true;
    encoding.end();
    expect(bytes).toBeGreaterThan(100_000);
    expect(turnsSeen).toBeGreaterThan(2);
  });
});

describe('what is remembered of changes', () => {
  it('does not grow with keys that come and go', () => {
    const { holder, map } = build(5);
    const tracker = new Tracker();
    holder.trackers.add(tracker);
    const state = decode([...new Encoding(holder, codec).frames()]);
    for (let i = 100; i < 5000; i++) {
      map.set(i, { n: i });
      map.delete(i);
    }
    map.set(3, { n: 33 });
    const frames = [...changedFrames(holder, codec, tracker.take())];
    expect(Buffer.concat(frames).length).toBeLessThan(1_000);
    expect([...(decode(frames, state).get('map') ?? [])]).toEqual([...map]);
  });
});

describe('what message logs and rounds are given', () => {
  it('is the committed state, whole or what has changed, and the way back to it', async () => {
    const { account, handle, run } = open({ name: 'Account', id: 'a1' });
    const recoverable = handle.recoverable();
    await run((one) => {
      one.balance = 7;
      one.entries.set('a', { cents: 1 });
    });
    const whole = recoverable.capture();
    await run((one) => one.entries.set('b', { cents: 2 }));
    const first = recoverable.delta?.() as Uint8Array;
    await run((one) => one.entries.delete('a'));
    const second = recoverable.delta?.() as Uint8Array;
    const now = shown(account);
    expect(recoverable.id).toBe('a1');
    const other = new Account();
    const copy = checkpointed(other).recoverable();
    copy.restore(whole, [first, second]);
    expect(shown(other)).toEqual(now);
    copy.restore(whole, []);
    expect([...other.entries.keys()]).toEqual(['a']);
    copy.restore(undefined, []);
    expect(shown(other)).toEqual(shown(new Account()));
    await run(async () => {
      account.balance = -1;
      const half = recoverable.capture();
      copy.restore(half, []);
      expect(other.balance).toBe(7);
      expect(() => recoverable.restore(half, [])).toThrow(/under way/);
    });
  });
});

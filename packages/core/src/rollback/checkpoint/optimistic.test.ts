import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkpointed } from './checkpoints.js';
import { open, shown, turns } from './bank.fixture.js';
import type { Account } from './bank.fixture.js';

const optimistic = { concurrency: 'optimistic' } as const;

describe('optimistic calls', () => {
  it('CC6 that have read the same entry: one runs again, and it is as if they had run one after the other', async () => {
    const { account, run } = open(optimistic);
    await run((one) => one.entries.set('a', { cents: 1 }));
    let runs = 0;
    const add = (cents: number): Promise<unknown> =>
      run(async (one) => {
        runs += 1;
        const seen = one.entries.get('a')?.cents ?? 0;
        await turns(2);
        one.entries.set('a', { cents: seen + cents });
      });
    await Promise.all([add(10), add(100)]);
    expect(account.entries.get('a')).toEqual({ cents: 111 });
    expect(runs).toBe(3);
  });

  it('CC6 are run again so often as they may, and then told', async () => {
    const { account, run } = open({ ...optimistic, maxReruns: 2 });
    // Somebody else writes all the time, in no call.
    const timer = setInterval(() => (account.balance += 1), 1);
    let runs = 0;
    const loser = run(async (one) => {
      runs += 1;
      const seen = one.balance;
      await new Promise((resolve) => setTimeout(resolve, 20));
      one.balance = seen;
    });
    await expect(loser).rejects.toMatchObject({ code: 'CHECKPOINT_CONFLICT', details: { tries: 3 } });
    clearInterval(timer);
    expect(runs).toBe(3);
  });

  it('that write different entries do not disturb each other, and do not see each other', async () => {
    const { account, run } = open(optimistic);
    let runs = 0;
    const put = (key: string): Promise<unknown> =>
      run(async (one) => {
        runs += 1;
        one.entries.set(key, { cents: 1 });
        await turns(2);
        expect(one.entries.has(key === 'a' ? 'c' : 'd')).toBe(false);
      });
    await Promise.all([put('a'), put('b')]);
    expect(runs).toBe(2);
    expect([...account.entries.keys()]).toEqual(['a', 'b']);
  });

  it('leave nothing of a call that throws, nor of one within that is caught', async () => {
    const { account, run } = open(optimistic);
    const before = shown(account);
    await expect(
      run((one) => {
        one.balance = 1;
        one.log.push('x');
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    expect(shown(account)).toEqual(before);
    await run(async (one, attempt) => {
      one.log.push('kept');
      await run((same) => {
        same.log.push('gone');
        throw new Error('inner');
      }).catch(() => {});
      await attempt(() => {
        one.log.push('gone too');
        throw new Error('attempt');
      }).catch(() => {});
      await attempt(() => one.log.push('last'));
    });
    expect([...account.log]).toEqual(['kept', 'last']);
  });
});

type Op =
  | { readonly kind: 'add'; readonly key: number; readonly by: number }
  | { readonly kind: 'move'; readonly from: number; readonly to: number }
  | { readonly kind: 'count'; readonly key: number }
  | { readonly kind: 'drop'; readonly key: number };

const op: fc.Arbitrary<Op> = fc.oneof(
  fc.record({ kind: fc.constant('add' as const), key: fc.nat(2), by: fc.integer({ min: 1, max: 9 }) }),
  fc.record({ kind: fc.constant('move' as const), from: fc.nat(2), to: fc.nat(2) }),
  fc.record({ kind: fc.constant('count' as const), key: fc.nat(2) }),
  fc.record({ kind: fc.constant('drop' as const), key: fc.nat(2) }),
);

type Cells = {
  get(key: string): { readonly cents: number } | undefined;
  set(key: string, value: { readonly cents: number }): unknown;
  delete(key: string): unknown;
  size: number;
};

/** One method, with a pause between what it reads and what it writes. */
async function act(cells: Cells, one: Op, pause: () => Promise<void>): Promise<void> {
  const cents = (key: number): number => cells.get(`k${key}`)?.cents ?? 0;
  if (one.kind === 'add') {
    const seen = cents(one.key);
    await pause();
    cells.set(`k${one.key}`, { cents: seen + one.by });
  } else if (one.kind === 'move') {
    const [from, to] = [cents(one.from), cents(one.to)];
    await pause();
    if (from < 3) throw new Error('too little');
    cells.set(`k${one.from}`, { cents: from - 3 });
    await pause();
    if (one.from !== one.to) cells.set(`k${one.to}`, { cents: to + 3 });
  } else if (one.kind === 'count') {
    const { size } = cells;
    await pause();
    cells.set(`k${one.key}`, { cents: size });
  } else {
    await pause();
    cells.delete(`k${one.key}`);
  }
}

function* permutations<T>(all: readonly T[]): Generator<readonly T[]> {
  if (all.length <= 1) return yield all;
  for (const [i, one] of all.entries()) for (const rest of permutations([...all.slice(0, i), ...all.slice(i + 1)])) yield [one, ...rest];
}

const sorted = (entries: Iterable<readonly [string, unknown]>): string => JSON.stringify([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));

describe('optimistic calls in any order of their steps', () => {
  it('CC7 come to what some order of those that succeeded would have come to', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(op, { minLength: 2, maxLength: 4 }),
        fc.array(fc.nat(4), { minLength: 12, maxLength: 12 }),
        async (ops, pauses) => {
          const { account, run } = open({ ...optimistic, maxReruns: 50 });
          await run((one: Account) => void one.entries.set('k0', { cents: 5 }).set('k1', { cents: 2 }));
          let next = 0;
          const pause = async (): Promise<void> => turns(pauses[next++ % pauses.length]);
          const outcomes = await Promise.allSettled(ops.map((one) => run((self) => act(self.entries, one, pause))));
          const succeeded = ops.filter((_, i) => outcomes[i]?.status === 'fulfilled');
          const end = sorted(account.entries);
          const serial: string[] = [];
          for (const order of permutations(succeeded)) {
            const model = new Map([
              ['k0', { cents: 5 }],
              ['k1', { cents: 2 }],
            ]);
            let fits = true;
            for (const one of order) await act(model, one, async () => {}).catch(() => (fits = false));
            if (fits) serial.push(sorted(model));
          }
          expect(serial).toContain(end);
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe('properties that an optimistic call gave its object', () => {
  it('are gone when it has failed, those of a call within it when that has failed', async () => {
    const object: Record<string, number> = { n: 0 };
    const handle = checkpointed(object, { concurrency: 'optimistic', name: 'Open' });
    const failing = (name: string): Promise<void> =>
      handle.run(name, async () => {
        object[name] = 1;
        await turns();
        throw new Error('no');
      });
    await failing('a').catch(() => {});
    expect(Object.keys(object)).toEqual(['n']);
    await handle.run('outer', async () => {
      object['b'] = 1;
      await failing('c').catch(() => {});
    });
    expect(Object.keys(object)).toEqual(['n', 'b']);
    await Promise.allSettled([failing('d'), failing('e')]);
    expect(Object.keys(object)).toEqual(['n', 'b']);
  });
});

it('an optimistic call counts what a collection holds by what it wrote, in whatever order', async () => {
  const operation = fc.record({ op: fc.constantFrom('set', 'delete', 'clear', 'set'), key: fc.integer({ min: 0, max: 6 }) });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 6 })), fc.array(operation, { maxLength: 30 }), async (before, operations) => {
      const { run, account } = open(optimistic);
      for (const key of before) account.entries.set(`${key}`, { cents: 1 });
      await run((one) => {
        for (const { op, key } of operations) {
          if (op === 'set') one.entries.set(`${key}`, { cents: key });
          else if (op === 'delete') one.entries.delete(`${key}`);
          else one.entries.clear();
          expect(one.entries.size).toBe([...one.entries].length);
        }
      });
      expect(account.entries.size).toBe([...account.entries].length);
    }),
  );
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gate, open, shown } from './bank.fixture.js';
import type { Account } from './bank.fixture.js';

class Declined extends Error {
  readonly reason = 'limit';
}

describe('a call that throws', () => {
  it('CK5 gives its caller the very same error', async () => {
    const { run } = open();
    const error = new Declined('no', { cause: new Error('why') });
    await expect(run(() => Promise.reject(error))).rejects.toBe(error);
    await expect(
      run(() => {
        throw error;
      }),
    ).rejects.toBe(error);
    expect(Object.keys(error)).toEqual(['reason']);
  });

  it('leaves fields, maps, sets and arrays as they were, and the objects in them the same ones', async () => {
    const { account, run } = open();
    await run((one) => {
      one.entries.set('a', { cents: 1 }).set('b', { cents: 2 }).set('c', { cents: 3 });
      one.marks.add('x').add('y');
      one.log.push('first', 'second', 'third');
    });
    const [before, owner, entry] = [shown(account), account.owner, account.entries.get('b')];
    const failing = run(async (one) => {
      one.balance = 1;
      one.owner = { name: 'Eve' };
      one.entries.delete('a');
      one.entries.set('b', { cents: 99 });
      one.entries.set('d', { cents: 4 });
      one.entries.set('a', { cents: 5 });
      one.marks.clear();
      one.marks.add('z');
      one.log.splice(1, 1, 'other', 'more');
      await Promise.resolve();
      one.entries.clear();
      one.entries.set('e', { cents: 6 });
      one.log.pop();
      one.log.sort();
      throw new Declined('no');
    });
    await expect(failing).rejects.toThrow(Declined);
    expect(shown(account)).toEqual(before);
    expect(account.owner).toBe(owner);
    expect(account.entries.get('b')).toBe(entry);
  });

  it('removes what it added to the object', async () => {
    const { account, run } = open();
    const loose = account as Account & { extra?: number };
    await expect(
      run(() => {
        loose.extra = 1;
        throw new Declined('no');
      }),
    ).rejects.toThrow(Declined);
    expect('extra' in loose).toBe(false);
    await run(() => void (loose.extra = 1));
    await expect(
      run(() => {
        loose.extra = 2;
        throw new Declined('no');
      }),
    ).rejects.toThrow(Declined);
    expect(loose.extra).toBe(1);
  });

  it('CK6 within one that catches takes back its own writes alone', async () => {
    const { account, run } = open();
    await run(async (one) => {
      one.balance = 50;
      one.entries.set('outer', { cents: 1 });
      await run(async (inner) => {
        inner.balance = 1;
        inner.entries.delete('outer');
        await Promise.resolve();
        throw new Declined('no');
      }).catch(() => {});
      expect(one.balance).toBe(50);
      one.entries.set('after', { cents: 2 });
    });
    expect(account.balance).toBe(50);
    expect([...account.entries.keys()]).toEqual(['outer', 'after']);
  });

  it('is repeated from the state of its beginning', async () => {
    const { account, run } = open();
    const seen: number[] = [];
    await run(async (one, attempt) => {
      one.entries.set('of the call', { cents: 0 });
      const once = (): Promise<void> =>
        attempt(async () => {
          seen.push(one.balance);
          one.balance -= 10;
          await Promise.resolve();
          if (seen.length < 3) throw new Declined('again');
        });
      await once().catch(once).catch(once);
    });
    expect(seen).toEqual([100, 100, 100]);
    expect(account.balance).toBe(90);
    expect(account.entries.has('of the call')).toBe(true);
  });

  it('is given up with its attempt: what that still does is no part of the next one', async () => {
    const { account, run } = open();
    const late = gate();
    const zombie: Promise<unknown>[] = [];
    await run(async (one, attempt) => {
      zombie.push(
        attempt(async () => {
          one.balance = 1;
          await late.opened;
          one.balance = 2;
        }).catch((error: unknown) => error),
      );
      await Promise.resolve();
      await attempt(() => {
        expect(one.balance).toBe(100);
        one.balance = 77;
      });
      late.open();
      expect(await zombie[0]).toMatchObject({ code: 'CHECKPOINT_DETACHED_WRITE' });
    });
    expect(account.balance).toBe(77);
  });

  it('values cannot be changed behind its back', async () => {
    const { account, run } = open();
    await run((one) => one.entries.set('a', { cents: 1 }));
    const entry = account.entries.get('a') as { cents: number };
    expect(() => (entry.cents = 2)).toThrow(TypeError);
    expect(() => ((account.owner as { name: string }).name = 'Eve')).toThrow(TypeError);
  });
});

type Step = readonly [kind: 'set' | 'delete' | 'clear' | 'mark' | 'unmark' | 'push' | 'pop' | 'splice' | 'balance', n: number];
const KINDS = ['set', 'delete', 'clear', 'mark', 'unmark', 'push', 'pop', 'splice', 'balance'] as const;
const steps = fc.array(fc.tuple(fc.constantFrom(...KINDS), fc.nat(4)), { maxLength: 20 });

interface Model {
  balance: number;
  entries: Map<string, { cents: number }>;
  marks: Set<string>;
  log: string[];
}

function act({ entries, marks, log, ...account }: Account | Model, [kind, n]: Step, target: { balance: number }): void {
  void account;
  const list = log as string[];
  if (kind === 'set') entries.set(`k${n}`, { cents: n });
  else if (kind === 'delete') entries.delete(`k${n}`);
  else if (kind === 'clear') entries.clear();
  else if (kind === 'mark') marks.add(`m${n}`);
  else if (kind === 'unmark') marks.delete(`m${n}`);
  else if (kind === 'push') list.push(`l${n}`);
  else if (kind === 'pop') list.pop();
  else if (kind === 'splice') list.splice(n, 1, 'in', `s${n}`);
  else target.balance += n;
}

describe('tracked collections, against those of the language', () => {
  it('hold the same, in the same order, after calls that end well and calls that are taken back', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ steps, inner: steps, fails: fc.boolean(), innerFails: fc.boolean() }), { maxLength: 6 }),
        async (calls) => {
          const { account, run } = open();
          let model: Model = { balance: 100, entries: new Map(), marks: new Set(), log: [] };
          for (const call of calls) {
            const outer = structuredClone(model);
            const seen: (readonly [unknown, unknown])[] = [];
            const work = (one: Account): void => {
              for (const step of call.steps) {
                act(one, step, one);
                act(outer, step, outer);
              }
            };
            await run(async (one) => {
              work(one);
              const inner = structuredClone(outer);
              await run((same) => {
                for (const step of call.inner) {
                  act(same, step, same);
                  act(inner, step, inner);
                }
                if (call.innerFails) throw new Declined('inner');
              }).catch(() => {});
              if (!call.innerFails) Object.assign(outer, inner);
              seen.push([[...one.entries], [...outer.entries]]);
              if (call.fails) throw new Declined('outer');
            }).catch((error: unknown) => {
              if (!(error instanceof Declined)) throw error;
            });
            for (const [own, wanted] of seen) expect(own).toEqual(wanted);
            if (!call.fails) model = outer;
            const { balance, entries, marks, log } = model;
            expect(shown(account)).toEqual({
              balance,
              owner: { name: 'Ada' },
              entries: [...entries],
              size: entries.size,
              marks: [...marks],
              log,
            });
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('show readers outside what is committed, whatever a call has done so far', async () => {
    await fc.assert(
      fc.asyncProperty(steps, steps, async (before, during) => {
        const { account, run } = open();
        await run((one) => before.forEach((step) => act(one, step, one)));
        const committed = shown(account);
        const [half, end] = [gate(), gate()];
        const call = run(async (one) => {
          for (const step of during) act(one, step, one);
          half.open();
          await end.opened;
          for (const step of during) act(one, step, one);
          throw new Declined('no');
        });
        await half.opened;
        expect(shown(account)).toEqual(committed);
        end.open();
        await call.catch(() => {});
        expect(shown(account)).toEqual(committed);
      }),
      { numRuns: 200 },
    );
  });
});

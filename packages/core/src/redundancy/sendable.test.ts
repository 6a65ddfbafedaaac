import { serialize } from 'node:v8';
import { describe, expect, it } from 'vitest';
import { ReplicaArgumentsError } from './remote.js';
import { redundant } from './redundant.js';
import { sendableBy } from './sendable.js';

const secret = Object.defineProperty({}, 'x', { enumerable: true, get: () => { throw new Error('not now'); } }); // prettier-ignore
const ring: Record<string, unknown> = { list: [1] };
ring['self'] = ring;
ring['bad'] = () => 1;

function refusal(act: () => void): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  return 'not refused';
}

describe.each([
  ['a structured clone', structuredClone],
  ['the serializer of processes', serialize],
] as const)('arguments that %s cannot copy', (_, copy) => {
  const check = sendableBy(copy);

  it.each([
    [[1, { a: [{ 'b c': () => 1 }] }], '[1].a[0]["b c"]', 'a function'],
    [[new Map<unknown, unknown>([['x', new Map([[5, Symbol('s')]])]])], '[0].get("x").get(5)', 'a symbol'],
    [[new Map([[{ f: () => 1 }, 1]])], '[0].keys[0].f', 'a function (f)'],
    [[new Set([1, Promise.resolve()])], '[0].values[1]', 'an instance of Promise'],
    [[{ w: new WeakMap() }], '[0].w', 'an instance of WeakMap'],
    [[{ deep: secret }], '[0].deep', 'an object'],
    [[ring], '[0].bad', 'a function'],
  ])('are refused with their path: %#', (args, path, what) => {
    const error = refusal(() => check('berlin', args));
    expect(error).toBeInstanceOf(ReplicaArgumentsError);
    expect(error).toMatchObject({ code: 'REPLICA_ARGUMENTS', path, message: expect.stringContaining(`sent to berlin: ${what}`) as string });
  });

  it('are none of those that it can', () => {
    const plain = [
      1n,
      null,
      undefined,
      NaN,
      new Date(),
      new Map([[1, new Set([2])]]),
      new Uint8Array(3),
      /x/,
      new Error('x'),
      Buffer.from('x'),
    ];
    expect(() => check('berlin', plain)).not.toThrow();
  });
});

describe('what a replica cannot be given', () => {
  it('keeps all of them from being asked; copied once for all replicas of a vote', async () => {
    let copies = 0;
    const check = sendableBy((value) => (copies++, structuredClone(value)));
    const asked: string[] = [];
    const replica = (name: string) => ({
      name,
      check: (args: [unknown]) => check(name, args),
      answer: (_args: [unknown]) => (asked.push(name), 7),
    });
    const ask = redundant([replica('a'), replica('b'), replica('c')]);
    expect(await ask({ n: 1 })).toBe(7);
    expect([copies, asked]).toEqual([1, ['a', 'b', 'c']]);
    await expect(ask({ f: () => 1 })).rejects.toMatchObject({ code: 'REPLICA_ARGUMENTS', details: { replica: 'a', path: '[0].f' } });
    expect(asked).toHaveLength(3);
  });
});

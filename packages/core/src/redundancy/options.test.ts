import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '../base/errors.js';
import type { RedundantOptions } from './options.js';
import { redundancy, redundant } from './redundant.js';
import { copiesOf, replicasOf } from './replica.js';

describe('replicas', () => {
  it('may be objects with a method, copies of a function, or functions that are called as they are', async () => {
    class Rates {
      constructor(private readonly rate: number) {}
      get(currency: string): string {
        return `${currency} ${this.rate}`;
      }
    }
    const objects = redundant(replicasOf([new Rates(1), new Rates(2), new Rates(1)], 'get'), { stragglers: 'await' });
    expect(await objects.vote(['EUR'])).toMatchObject({ value: 'EUR 1', winner: 'Rates 1', dissent: ['Rates 2'] });
    let n = 0;
    expect(await redundant(copiesOf(5, () => (n += 1) && 7))()).toBe(7);
    expect(n).toBe(5);
    const byName = redundant([function one() { return 1; }, function two() { return 2; }, () => 1], { stragglers: 'await' }); // prettier-ignore
    expect((await byName.vote([])).ballots.map((ballot) => ballot.replica)).toEqual(['one', 'two', 'replica 3']);
  });

  it.each<readonly [string, number, RedundantOptions, RegExp]>([
    ['no replica', 0, {}, /redundant, replicas: There is none/],
    ['a quorum that two answers could have', 4, { quorum: 2 }, /2 of 4 is not more than a half/],
    ['a quorum that cannot be reached', 3, { quorum: 4 }, /cannot be reached: there are 3/],
    ['a quorum of a plurality', 3, { vote: 'plurality', quorum: 2 }, /quorum: It says nothing when the vote is plurality/],
    ['minVotes of a majority', 3, { minVotes: 2 }, /minVotes: It says nothing/],
    ['minVotes that cannot be reached', 1, { vote: 'plurality' }, /There are only 1 replicas/],
    ['a tie of a majority', 3, { tie: 'first' }, /tie: It says nothing/],
    ['weights of a majority', 3, { weights: [1, 1, 1] }, /weights: It says nothing/],
    ['too few weights', 3, { vote: 'weighted', weights: [1] }, /one for each of the 3/],
    ['weights of a tie that fails', 3, { vote: 'plurality', weights: [1, 1, 1] }, /weights: It says nothing/],
    ['a tie by no weights', 3, { vote: 'plurality', tie: 'weight' }, /one for each of the 3/],
    ['no weights', 3, { vote: 'weighted' }, /one for each of the 3/],
    ['weights of nothing', 2, { vote: 'weighted', weights: [0, 0] }, /All of them are 0/],
    ['errors that vote for a median', 3, { vote: 'median', errorsAsVotes: ['E'] }, /A median is of numbers/],
    ['a part of a mean', 3, { vote: 'mean', project: (x) => x }, /no part of an answer/],
    ['two kinds of equality', 3, { equals: () => true, tolerance: 1 }, /beside project or tolerance/],
    ['an unknown vote', 3, { vote: 'most' as never }, /redundant, vote/],
    ['a negative time', 3, { replicaTimeout: -1 }, /replicaTimeout: -1 is not a duration/],
    ['an unknown option', 3, { timeout: 5 } as never, /timeout/],
  ])('are refused with %s', (_, n, options, sentence) => {
    expect(() =>
      redundant(
        copiesOf(n, () => 7),
        options as never,
      ),
    ).toThrow(sentence);
    expect(() => redundancy(n, options)).toThrow(ConfigurationError);
  });

  it('say themselves what is answered, and options follow', async () => {
    const ask = redundant([async (price: number) => ({ price }), (price: number) => ({ price })], {
      project: (quote) => quote.price,
      accept: (quote) => quote.price > 0,
    });
    const quote: { readonly price: number } = await ask(3);
    expect(quote.price).toBe(3);
    // @ts-expect-error the argument is a number
    void (() => ask('3'));
  });

  it('are refused when two have one name', () => {
    const same = { name: 'a', answer: () => 1 };
    expect(() => redundant([same, { ...same }])).toThrow('Two of them are called "a"');
  });
});

import { expect, it } from 'vitest';
import { concerned } from './strategy.js';

it.each([
  ['one-for-one', 'b'],
  ['one-for-all', 'abc'],
  ['rest-for-one', 'bc'],
] as const)('%s concerns %s when b of a b c fails', (strategy, who) => {
  expect(concerned(strategy, ['a', 'b', 'c'], 'b').join('')).toBe(who);
});

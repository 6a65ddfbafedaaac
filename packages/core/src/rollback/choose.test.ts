import { describe, expect, it } from 'vitest';
import { chooseTechnique } from './choose.js';
import type { OperationProperties, Technique } from './choose.js';

const ALL: readonly Technique[] = chooseTechnique({}).rejected.map(({ technique }) => technique);

describe('the choice of a technique', () => {
  it.each<[string, OperationProperties, readonly Technique[]]>([
    ['nothing that is in danger', {}, []],
    ['outputs to a sink that knows keys', { irreversibleOutputs: true, idempotentOutputs: true }, ['outbox']],
    ['outputs to a sink that does not', { irreversibleOutputs: true }, ['outbox', 'compensation']],
    ['visible steps', { visibleSteps: true, irreversibleOutputs: true, idempotentOutputs: true }, ['outbox', 'saga']],
    ['memory of one process', { memoryState: true }, ['undo-log']],
    ['memory that survives', { memoryState: true, mustSurviveCrash: true }, ['undo-log', 'checkpoint']],
    ['deterministic handlers', { exchangesMessages: true, deterministic: true, boundedGroup: true }, ['message-log']],
    ['one team, bounded', { exchangesMessages: true, boundedGroup: true }, ['coordinated']],
    ['one team that may not pause', { exchangesMessages: true, boundedGroup: true, noPause: true }, ['snapshot']],
    ['autonomous parts', { exchangesMessages: true }, ['independent-bcs']],
    ['wrong answers', { wrongAnswers: true }, ['redundancy']],
    ['transient faults come first', { transientFaults: true, memoryState: true }, ['retry', 'undo-log']],
  ])('%s', (_, properties, use) => {
    expect(chooseTechnique(properties).use.map(({ technique }) => technique)).toEqual(use);
  });

  it('speaks of each technique once, with a reason, whatever is asked', () => {
    const names = [
      'irreversibleOutputs',
      'exchangesMessages',
      'deterministic',
      'boundedGroup',
      'noPause',
      'memoryState',
      'mustSurviveCrash',
    ];
    for (let bits = 0; bits < 2 ** names.length; bits++) {
      const properties: OperationProperties = Object.fromEntries(names.map((name, i) => [name, (bits & (1 << i)) > 0]));
      const { use, rejected } = chooseTechnique(properties);
      expect([...use, ...rejected].map(({ technique }) => technique).sort()).toEqual([...ALL].sort());
      expect([...use, ...rejected].every(({ why }) => why.endsWith('.'))).toBe(true);
      // Of the ways for a group there is one, and only for a group.
      const ways = use.filter(({ technique }) => ['message-log', 'coordinated', 'snapshot', 'independent-bcs'].includes(technique));
      expect(ways).toHaveLength(properties.exchangesMessages ? 1 : 0);
    }
  });
});

import type { Problem } from '@redress/core';
import { handlerOf } from './handler.js';
import type { Class, Method } from './registry.js';

const SEVERAL = (shown: string): { readonly cause: string; readonly remedy: string } => ({
  cause: `It has @Checkpointed and ${shown}: several calls at once would write to one state.`,
  remedy: 'Put one of them at another method.',
});

/** What is wrong with the policies of a method, as far as they name other methods or stand twice. */
export function policyProblems(type: Class, subject: string, { marks }: Method): readonly Problem[] {
  const problems: Problem[] = [];
  for (const [i, mark] of marks.policies.entries()) {
    const same = marks.policies.slice(0, i).find(({ kind }) => kind === mark.kind);
    if (same) problems.push({ subject, cause: `It has ${same.shown} and ${mark.shown}.`, remedy: 'Keep one of them.' });
    if (mark.kind === 'hedge' && marks.checkpointed.length > 0) problems.push({ subject, ...SEVERAL(mark.shown) });
    const { needs } = mark;
    if (needs && !marks.policies.some(({ kind }) => kind === needs.kind)) {
      problems.push({ subject, cause: `It has ${mark.shown}. ${needs.cause}`, remedy: needs.remedy });
    }
    for (const reference of mark.references) {
      const handler = handlerOf(type, reference, Infinity);
      if (!('name' in handler)) problems.push({ subject, ...handler });
    }
  }
  const [redundant] = marks.redundant;
  if (redundant && marks.checkpointed.length > 0) problems.push({ subject, ...SEVERAL(redundant.shown) });
  const [reads] = marks.readOnly;
  if (reads && marks.checkpointed.length > 0) {
    problems.push({ subject, cause: `It has @Checkpointed and ${reads.shown}.`, remedy: 'Keep one of them.' });
  }
  return problems;
}

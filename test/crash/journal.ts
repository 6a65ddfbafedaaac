import { createCodec, decodeRecord } from '@redress/core';
import type { Entry } from '@redress/core';

const CODECS = [createCodec()];

/** What the audit needs to know of a journal, read without the engine's help. */
export class History {
  readonly keys = new Set<string>();
  /** What should have been undone, and what was, in their orders. */
  toUndo: readonly string[] = [];
  readonly undone: string[] = [];

  static read(entries: readonly Entry[]): History {
    const history = new History();
    const steps: { readonly n: number; readonly kind: string; outcome?: string }[] = [];
    let decided = false;
    let late: readonly number[] = [];
    for (const { key, type, data } of entries) {
      const record = decodeRecord(CODECS, data) as Record<string, unknown>;
      if (type === 'step.started') {
        history.keys.add(String(record['key']));
        steps.push({ n: steps.length + 1, kind: String(record['kind']) });
      }
      const settled = /^step:(\d+)\/outcome$/.exec(key)?.[1];
      if (settled !== undefined) Object.assign(steps[Number(settled) - 1] ?? {}, { outcome: record['outcome'] });
      if (type === 'saga.compensating') decided = true;
      if (type === 'undo.frozen') late = record['late'] as number[];
      if (type === 'undo.completed') history.undone.push(key);
    }
    const list = steps.filter(({ kind, outcome }) => kind === 'compensated' && outcome !== 'refused').toReversed();
    if (decided) history.toUndo = [...list.map(({ n }) => `undo:${n}`), ...late.map((n) => `undo:${n}/late`)];
    return history;
  }
}

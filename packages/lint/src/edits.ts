import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Finding } from './findings.js';
import type { Edit } from './rule.js';

/** Applies edits to a text; of two that overlap the second is left for the next run. Equal ones are made once. */
export function applyEdits(text: string, groups: readonly (readonly Edit[])[]): { readonly text: string; readonly applied: number } {
  const taken: Edit[] = [];
  let applied = 0;
  for (const group of groups) {
    const rest = group.filter((edit) => !taken.some((one) => same(one, edit)));
    if (rest.some((edit) => taken.some((one) => overlap(one, edit)))) continue;
    taken.push(...rest);
    applied += 1;
  }
  const ordered = taken
    .map((edit, i) => ({ edit, i }))
    .toSorted((a, b) => b.edit.start - a.edit.start || b.edit.end - a.edit.end || b.i - a.i);
  return { text: ordered.reduce((now, { edit }) => now.slice(0, edit.start) + edit.text + now.slice(edit.end), text), applied };
}

const same = (a: Edit, b: Edit): boolean => a.start === b.start && a.end === b.end && a.text === b.text;

/** Insertions at one place stand beside each other. */
function overlap(a: Edit, b: Edit): boolean {
  return a.start < b.end && b.start < a.end;
}

/** Makes the safe fixes, or the stubs of undos. Answers how many were made. */
export function rewrite(root: string, findings: readonly Finding[], what: 'fix' | 'stub'): number {
  const byPath = new Map<string, (readonly Edit[])[]>();
  for (const { path, fix, suggestions } of findings) {
    const edits = what === 'fix' ? fix : suggestions?.find(({ title }) => title.startsWith('Write a stub'))?.edits;
    if (edits && edits.length > 0) byPath.set(path, [...(byPath.get(path) ?? []), edits]);
  }
  let made = 0;
  for (const [path, groups] of byPath) {
    const file = resolve(root, path);
    const content = readFileSync(file, 'utf8');
    // The compiler counts from behind the mark of the byte order.
    const mark = content.startsWith('\ufeff') ? '\ufeff' : '';
    const { text, applied } = applyEdits(content.slice(mark.length), groups);
    writeFileSync(file, mark + text);
    made += applied;
  }
  return made;
}

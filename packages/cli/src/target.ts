import type { Admin } from '@redress/core';
import { NothingFoundError, UsageError } from './exit.js';
import type { Io } from './io.js';

/** One run. */
export interface Target {
  readonly saga: string;
  readonly id: string;
}

/** Reads `<saga>/<id>`, or an id alone, which must then be the id of one run only. @throws UsageError, NothingFoundError */
export async function findTarget(admin: Admin, text: string): Promise<Target> {
  const slash = text.indexOf('/');
  if (slash > 0 && slash < text.length - 1) {
    const named = { saga: text.slice(0, slash), id: text.slice(slash + 1) };
    if (await exists(admin, named)) return named;
  }
  const found: Target[] = [];
  let after: string | undefined;
  do {
    const page = await admin.list({ text, limit: 1000, ...(after === undefined ? {} : { after }) });
    for (const { saga, id } of page.runs) if (id === text) found.push({ saga, id });
    after = page.next;
  } while (after !== undefined);
  if (found.length === 0) throw new NothingFoundError(`There is no run ${text}. "redress list" shows which there are.`);
  if (found.length > 1) throw new UsageError(`${text} is the id of ${found.length} runs: ${found.map(nameOf).join(', ')}. Say which.`);
  return found[0] as Target;
}

export function nameOf({ saga, id }: Target): string {
  return `${saga}/${id}`;
}

/** The runs that were named, in their order; `-` stands for the lines of the standard input. */
export async function targetsOf(io: Io, texts: readonly string[]): Promise<readonly string[]> {
  const all: string[] = [];
  for (const text of texts) {
    if (text !== '-') all.push(text);
    else for await (const line of io.lines()) if (line.trim() !== '') all.push(nameIn(line.trim()));
  }
  if (all.length === 0) throw new UsageError('No run was named.');
  return [...new Set(all)];
}

/** A line may be a run's name, or what `redress list --json` printed of it. */
function nameIn(line: string): string {
  if (!line.startsWith('{')) return line;
  try {
    const { saga, id } = JSON.parse(line) as Partial<Target>;
    if (typeof saga === 'string' && typeof id === 'string') return nameOf({ saga, id });
  } catch {
    // Said below.
  }
  throw new UsageError(`This line of the standard input names no run: ${line.slice(0, 60)}`);
}

async function exists(admin: Admin, { saga, id }: Target): Promise<boolean> {
  try {
    await admin.show(saga, id);
    return true;
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === 'SAGA_NOT_FOUND') return false;
    throw error;
  }
}

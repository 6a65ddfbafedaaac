import { UsageError } from './exit.js';
import type { Entry, Head, Loaded } from '@redress/core';

/** A run as a file: what `export` writes and `replay` reads. Bytes stand in base64. */
export interface ExportedRun {
  readonly schema: typeof EXPORT_SCHEMA;
  readonly head: Omit<Head, 'meta'> & { readonly meta: ExportedData };
  readonly entries: readonly (Omit<Entry, 'data'> & { readonly data: ExportedData })[];
}

type ExportedData = string | { readonly base64: string };

const EXPORT_SCHEMA = 'redress/run-export@1';

export function exported({ head, entries }: Loaded): ExportedRun {
  return {
    schema: EXPORT_SCHEMA,
    head: { ...head, meta: out(head.meta) },
    entries: entries.map((entry) => ({ ...entry, data: out(entry.data) })),
  };
}

/** @throws UsageError when the text is no export. */
export function imported(text: string, file: string): Loaded {
  let run: Partial<ExportedRun>;
  try {
    run = JSON.parse(text) as Partial<ExportedRun>;
  } catch {
    throw new UsageError(`${file} holds a line that is no JSON; give what "redress export" has written.`);
  }
  const { schema, head, entries } = run;
  if (schema !== EXPORT_SCHEMA || !head || !Array.isArray(entries))
    throw new UsageError(`${file} was not written by "redress export": its schema is ${JSON.stringify(schema)}, not "${EXPORT_SCHEMA}".`);
  return {
    head: { ...head, meta: back(head.meta) },
    entries: (entries as ExportedRun['entries']).map((entry) => ({ ...entry, data: back(entry.data) })),
  };
}

function out(data: string | Uint8Array): ExportedData {
  return typeof data === 'string' ? data : { base64: Buffer.from(data).toString('base64') };
}

function back(data: ExportedData): string | Uint8Array {
  return typeof data === 'string' ? data : Buffer.from(data.base64, 'base64');
}

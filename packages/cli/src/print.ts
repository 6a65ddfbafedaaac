import { createColors } from 'picocolors';
import type { Io } from './io.js';
import { toJson } from './json.js';
import { table } from './table.js';
import type { Column } from './table.js';

/** Grows when a field of the NDJSON changes its meaning or goes away. */
const SCHEMA = 1;

/** Results for a person or for a program, never both. */
export class Print {
  readonly isJson: boolean;
  readonly colors: ReturnType<typeof createColors>;
  readonly #io: Io;

  constructor(io: Io, json: boolean | undefined) {
    this.#io = io;
    this.isJson = json ?? !io.isTerminal;
    this.colors = createColors(io.color && !this.isJson);
  }

  /** One line of NDJSON. `kind` names its form. */
  record(kind: string, value: object): void {
    this.#io.out(`${toJson({ schema: `redress/${kind}@${SCHEMA}`, ...value })}\n`);
  }

  /** `titled`: false for the pages after the first. */
  table<T>(columns: readonly Column<T>[], rows: readonly T[], titled = true): void {
    this.#io.out(table(columns, rows, this.#io.columns, titled));
  }

  line(text = ''): void {
    this.#io.out(`${text}\n`);
  }

  /** For people, beside the results. */
  note(text: string): void {
    this.#io.err(`${text}\n`);
  }
}

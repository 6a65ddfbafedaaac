import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Source } from './files.js';
import { hashOf } from './files.js';
import type { UnitResult } from './unit-result.js';

interface Kept {
  /** Of each file that is reached: its content, and what it imports. */
  readonly files: Readonly<Record<string, { readonly hash: string; readonly imports: readonly string[] }>>;
  /** By unit, with a hash over all that it reaches. */
  readonly units: Readonly<Record<string, { readonly reached: string; readonly result: UnitResult }>>;
}

const NOTHING: Kept = { files: {}, units: {} };

/** What earlier runs found, by content: a unit is looked at again when it, or anything that it imports, is another text. */
export class Cache {
  readonly #file: string | undefined;
  readonly #key: string;
  readonly #kept: Kept;

  /** `key`: all that findings depend on besides the files. */
  constructor(folder: string | undefined, key: string) {
    this.#file = folder && join(folder, 'lint.json');
    this.#key = key;
    this.#kept = this.#file ? read(this.#file, key) : NOTHING;
  }

  get(unit: string, sources: ReadonlyMap<string, Source>): UnitResult | undefined {
    const kept = this.#kept.units[unit];
    if (!kept) return undefined;
    const reached = this.#reached(unit, sources, (path) => {
      const file = this.#kept.files[path];
      return file && file.hash === sources.get(path)?.hash ? file.imports : undefined;
    });
    return reached === kept.reached ? kept.result : undefined;
  }

  /** `imports`: of the files that this run has read. */
  put(
    results: ReadonlyMap<string, UnitResult>,
    imports: ReadonlyMap<string, readonly string[]>,
    sources: ReadonlyMap<string, Source>,
  ): void {
    if (!this.#file) return;
    const files = { ...this.#kept.files };
    for (const [path, list] of imports) {
      const source = sources.get(path);
      if (source) files[path] = { hash: source.hash, imports: list };
    }
    for (const path of Object.keys(files)) if (files[path]?.hash !== sources.get(path)?.hash) delete files[path];
    const units: Record<string, { reached: string; result: UnitResult }> = {};
    for (const [unit, result] of results) {
      const reached = this.#reached(unit, sources, (path) => files[path]?.imports);
      if (reached !== undefined) units[unit] = { reached, result };
    }
    write(this.#file, JSON.stringify({ key: this.#key, files, units }));
  }

  /** A hash over a file and all that it imports; undefined when something of it is not known. */
  #reached(
    unit: string,
    sources: ReadonlyMap<string, Source>,
    importsOf: (path: string) => readonly string[] | undefined,
  ): string | undefined {
    const seen = new Set([unit]);
    const hashes: string[] = [];
    for (const path of seen) {
      const imports = importsOf(path);
      const source = sources.get(path);
      if (!imports || !source) return undefined;
      hashes.push(`${path} ${source.hash}`);
      for (const one of imports) seen.add(one);
    }
    return hashOf(hashes.toSorted().join('\n'));
  }
}

function read(file: string, key: string): Kept {
  try {
    const kept = JSON.parse(readFileSync(file, 'utf8')) as Kept & { readonly key: string };
    return kept.key === key ? kept : NOTHING;
  } catch {
    return NOTHING;
  }
}

/** A cache that cannot be written is none: the next run takes longer. */
function write(file: string, text: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    const beside = `${file}.${process.pid}`;
    writeFileSync(beside, text);
    renameSync(beside, file);
  } catch {
    // A read-only disk is no reason to fail.
  }
}

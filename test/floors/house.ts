import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from './source.js';
import type { Source } from './source.js';

/** The parts of a package.json that the rules read. */
export interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly exports?: unknown;
  readonly publishConfig?: { readonly exports?: unknown };
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** A package or an example, with its sources. */
export interface Room {
  /** `packages/core`, `examples/orders`. */
  readonly folder: string;
  /** `core`, `orders`. */
  readonly name: string;
  readonly kind: 'package' | 'example';
  readonly manifest: Manifest;
  readonly sources: readonly Source[];
}

export type House = readonly Room[];

/** Reads all packages and examples that have a source. */
export function readHouse(root: string): House {
  return [...roomsOf(root, 'packages', 'package'), ...roomsOf(root, 'examples', 'example')];
}

function roomsOf(root: string, folder: string, kind: Room['kind']): readonly Room[] {
  return namesIn(join(root, folder)).flatMap((name) => {
    const home = `${folder}/${name}`;
    const file = join(root, home, 'package.json');
    if (!existsSync(file)) return [];
    const sources = filesIn(root, `${home}/src`).map((path) => parse(path, readFileSync(join(root, path), 'utf8')));
    const manifest = JSON.parse(readFileSync(file, 'utf8')) as Manifest;
    return sources.length === 0 ? [] : [{ folder: home, name, kind, manifest, sources }];
  });
}

function namesIn(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder).toSorted() : [];
}

function filesIn(root: string, folder: string): readonly string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { withFileTypes: true })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) return filesIn(root, path);
      return /\.[cm]?tsx?$/.test(entry.name) ? [path] : [];
    });
}

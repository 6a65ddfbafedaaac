import { posix } from 'node:path';
import type { House, Room } from './house.js';
import { FAMILIES, FLOORS } from './plan.js';
import type { Source } from './source.js';

const OURS = /^@redress\/([^/]+)(\/.*)?$/;

/** What is crooked among the imports of the house, as `file:line sentence`. */
export function importProblems(house: House): readonly string[] {
  return [...house.flatMap((room) => room.sources.flatMap((source) => problemsOf(room, source))), ...cycles(house)];
}

function problemsOf(room: Room, source: Source): readonly string[] {
  return source.imports.flatMap(({ line, to }) => {
    const say = (sentence: string): readonly string[] => [`${source.path}:${line} ${sentence}`];
    if (to === undefined) {
      return room.name === 'core' ? say('imports a module whose name is computed: core names what it loads.') : [];
    }
    if (to.startsWith('.')) return relativeProblem(room, source, to).flatMap(say);
    const ours = OURS.exec(to);
    return ours ? packageProblem(room, source, to, ours[1] ?? '', ours[2]).flatMap(say) : [];
  });
}

function packageProblem(room: Room, source: Source, to: string, name: string, inside: string | undefined): readonly string[] {
  if (inside !== undefined) return [`imports "${to}": a package has one door, import "@redress/${name}".`];
  if (room.manifest.name === to) return [`imports its own package "${to}": use a relative path.`];
  const { dependencies, peerDependencies, devDependencies } = room.manifest;
  const declared = { ...dependencies, ...peerDependencies, ...(source.isTest ? devDependencies : {}) };
  if (room.kind === 'package' && !source.isTest) {
    const below = FLOORS[room.name];
    if (!below) return [`is in a package without a floor: give "${room.name}" a line in test/floors/plan.ts.`];
    if (!below.includes(name)) {
      const may = below.length === 0 ? 'nothing of ours' : `only ${below.join(', ')}`;
      return [`imports "${to}": imports fall down the floors, and ${room.name} may import ${may}.`];
    }
  }
  return to in declared ? [] : [`imports "${to}", which ${room.folder}/package.json does not declare.`];
}

function relativeProblem(room: Room, source: Source, to: string): readonly string[] {
  const target = resolve(source, to);
  const home = `${room.folder}/src/`;
  if (target === `${room.folder}/package.json`) return [];
  if (!target.startsWith(home)) return [`imports "${to}", which leaves ${home}.`];
  if (room.name !== 'core' || room.kind !== 'package' || source.isTest) return [];
  const [from, into] = [familyOf(source.path, home), familyOf(target, home)];
  if (from === undefined) return [];
  const allowed = FAMILIES[from];
  if (!allowed) return [`is in a family without a line: give "${from}" one in test/floors/plan.ts.`];
  if (into === from || (into !== undefined && allowed.includes(into))) return [];
  const may = [from, ...allowed].join(' and ');
  return [`imports "${to}": the family ${from} may import ${may}, not ${into ?? 'the door'}.`];
}

/** `saga` for `packages/core/src/saga/run.ts`; undefined for the door and its neighbours. */
function familyOf(path: string, home: string): string | undefined {
  const [family, ...rest] = path.slice(home.length).split('/');
  return rest.length === 0 ? undefined : family;
}

function resolve(source: Source, to: string): string {
  return posix.join(posix.dirname(source.path), to).replace(/\.([cm]?)js$/, '.$1ts');
}

/** Each ring of imports once, type imports included. */
function cycles(house: House): readonly string[] {
  const problems: string[] = [];
  for (const room of house) {
    const byPath = new Map(room.sources.map((source) => [source.path, source]));
    const done = new Set<string>();
    const visit = (source: Source, above: readonly string[]): void => {
      const at = above.indexOf(source.path);
      if (at !== -1) {
        problems.push(`${source.path}:1 is in a ring of imports: ${[...above.slice(at), source.path].join(' -> ')}`);
        return;
      }
      if (done.has(source.path)) return;
      for (const { to } of source.imports) {
        const next = to?.startsWith('.') ? byPath.get(resolve(source, to)) : undefined;
        if (next) visit(next, [...above, source.path]);
      }
      done.add(source.path);
    };
    for (const source of room.sources) visit(source, []);
  }
  return problems;
}

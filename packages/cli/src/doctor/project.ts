import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { getTsconfig } from 'get-tsconfig';
import { ok, problem, warning } from './finding.js';
import type { Finding } from './finding.js';

/** The least Node that the packages run on. */
const LEAST_NODE = [20, 19];

interface Manifest {
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

export function lookAtNode(version: string): Finding {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  const [leastMajor = 0, leastMinor = 0] = LEAST_NODE;
  if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) return ok('node', version);
  return problem('node', `${version} is older than ${LEAST_NODE.join('.')}.`, 'Install a newer one.');
}

/** What the folder says of how its code is compiled and run. */
export function lookAtProject(folder: string): readonly Finding[] {
  const manifest = readManifest(folder);
  if (!manifest) return [warning('project', `there is no package.json in ${folder}.`, 'Run this in the folder of the app.')];
  const all = { ...manifest.dependencies, ...manifest.devDependencies };
  return [
    ...lookAtTsconfig(folder, 'tsyringe' in all),
    ...lookAtMetadata(folder, all),
    ...lookAtRunners(folder, all),
    ...lookAtCopies(folder, all),
  ];
}

function lookAtTsconfig(folder: string, needsMetadata: boolean): readonly Finding[] {
  const found = getTsconfig(folder);
  if (!found) return [];
  const { experimentalDecorators, emitDecoratorMetadata, isolatedModules, verbatimModuleSyntax } = found.config.compilerOptions ?? {};
  const file = found.path;
  if (!needsMetadata) return [ok('tsconfig', file)];
  const findings: Finding[] = [];
  if (experimentalDecorators !== true)
    findings.push(problem('tsconfig', `${file}: tsyringe needs \`experimentalDecorators\`.`, 'Set it to true, or run "redress init".'));
  if (emitDecoratorMetadata !== true)
    findings.push(
      warning(
        'tsconfig',
        `${file}: without \`emitDecoratorMetadata\` tsyringe does not know the types of constructors.`,
        'Set it to true, or write @inject(Token) before each parameter.',
      ),
    );
  if (emitDecoratorMetadata === true && isolatedModules === true && verbatimModuleSyntax !== true)
    findings.push(
      warning(
        'tsconfig',
        `${file}: with \`isolatedModules\` a type in a decorated signature must be imported as a type (TS1272).`,
        'Write `import type`, or set `verbatimModuleSyntax`.',
      ),
    );
  return findings.length === 0 ? [ok('tsconfig', file)] : findings;
}

function lookAtMetadata(folder: string, all: Readonly<Record<string, string>>): readonly Finding[] {
  if (!('tsyringe' in all)) return [];
  if (versionOf(folder, 'reflect-metadata') !== undefined) return [ok('reflect-metadata', 'is installed')];
  return [problem('reflect-metadata', 'tsyringe needs it, and it is not installed.', 'npm install reflect-metadata, and import it first.')];
}

/** What is known of programs that run TypeScript and lose the types of constructors. */
function lookAtRunners(folder: string, all: Readonly<Record<string, string>>): readonly Finding[] {
  if (!('tsyringe' in all)) return [];
  const findings: Finding[] = [];
  const remedy = 'Write @inject(Token) before each constructor parameter: it works under every runner.';
  if ('tsx' in all) findings.push(warning('tsx', 'drops the types of constructors ("TypeInfo not known").', remedy));
  const vite = versionOf(folder, 'vite');
  const vitest = versionOf(folder, 'vitest');
  if (vitest !== undefined && vite !== undefined && Number.parseInt(vite, 10) < 8 && !('unplugin-swc' in all))
    findings.push(warning('vitest', `on vite ${vite} drops the types of constructors.`, `${remedy} Or use vite 8, or unplugin-swc.`));
  return findings;
}

/** Two copies of one package hold two registries of marks; errors of both are still recognised. */
function lookAtCopies(folder: string, all: Readonly<Record<string, string>>): readonly Finding[] {
  const ours = Object.keys(all).filter((name) => name.startsWith('@redress/'));
  const places = new Set<string>();
  for (const name of ['', ...ours]) {
    const from = name === '' ? folder : placeOf(folder, name);
    const core = from === undefined ? undefined : placeOf(from, '@redress/core');
    if (core !== undefined) places.add(core);
  }
  if (places.size < 2) return places.size === 1 ? [ok('@redress/core', `one copy, ${versionAt([...places][0] as string)}`)] : [];
  const list = [...places].map((place) => `${versionAt(place)} in ${place}`).join('; ');
  return [problem('@redress/core', `${places.size} copies are installed: ${list}.`, 'Bring the packages to one version: npm dedupe.')];
}

function versionOf(folder: string, name: string): string | undefined {
  const place = placeOf(folder, name);
  return place === undefined ? undefined : versionAt(place);
}

function versionAt(place: string): string | undefined {
  return readManifest(place)?.version;
}

/** The folder of a package as code in `folder` would find it. */
function placeOf(folder: string, name: string): string | undefined {
  const place = join(folder, 'node_modules', name);
  if (existsSync(join(place, 'package.json'))) return realpathSync(place);
  return dirname(folder) === folder ? undefined : placeOf(dirname(folder), name);
}

function readManifest(folder: string): Manifest | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
  } catch {
    return undefined;
  }
}

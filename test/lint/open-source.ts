import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/** Service classes and libraries that are on npm with their sources. */
export const PACKAGES = [
  '@loopback/repository@8.0.15',
  '@loopback/rest@15.0.16',
  '@temporalio/client@1.24.0',
  '@accounts/server@0.33.1',
  '@feathersjs/authentication@5.0.50',
  'ethers@6.17.0',
] as const;

export interface CodeBase {
  readonly root: string;
  readonly files: number;
  readonly lines: number;
  /** Methods that were marked. */
  readonly marked: number;
}

/** Fetches the sources of a package. Its `.js` and its tests are left out. */
export function fetchSources(name: string, into: string): string {
  const folder = join(into, name.replace(/\W+/g, '-'));
  mkdirSync(folder, { recursive: true });
  const options = { cwd: folder, encoding: 'utf8' as const, stdio: ['ignore', 'pipe', 'ignore'] as ['ignore', 'pipe', 'ignore'] };
  const tarball = execFileSync('npm', ['pack', name, '--silent'], options).trim().split('\n').at(-1) ?? '';
  execFileSync('tar', ['xzf', tarball], options);
  return join(folder, 'package');
}

/**
 * Marks what people might mark: the first asynchronous method of each class as a saga, the others as steps that cannot be undone.
 * So all rules look at code that was written without them in mind.
 */
export function markAll(root: string): CodeBase {
  let [files, lines, marked] = [0, 0, 0];
  for (const path of sourcesIn(root)) {
    const text = readFileSync(path, 'utf8');
    const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
    const inserts: { at: number; text: string }[] = [];
    const visit = (node: ts.Node): void => {
      if (ts.isClassLike(node)) {
        const methods = node.members.filter((one): one is ts.MethodDeclaration => ts.isMethodDeclaration(one) && isMarkable(one));
        methods.forEach((one, i) => {
          const mark = i === 0 ? '@RedressSaga() ' : "@RedressStep({ irreversible: 'only to see what is said of it' }) ";
          inserts.push({ at: one.getStart(), text: mark });
        });
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
    files += 1;
    lines += text.split('\n').length;
    marked += inserts.length;
    if (inserts.length === 0) continue;
    const added = inserts.toReversed().reduce((now, { at, text: mark }) => now.slice(0, at) + mark + now.slice(at), text);
    writeFileSync(path, `import { Saga as RedressSaga, Step as RedressStep } from '@redress/decorators';\n${added}`);
  }
  return { root, files, lines, marked };
}

function isMarkable(method: ts.MethodDeclaration): boolean {
  const has = (kind: ts.SyntaxKind): boolean => method.modifiers?.some((one) => one.kind === kind) === true;
  return method.body !== undefined && has(ts.SyntaxKind.AsyncKeyword) && !has(ts.SyntaxKind.StaticKeyword) && !method.asteriskToken;
}

function sourcesIn(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return /^(node_modules|dist|__tests__|test|lib\..*)$/.test(entry.name) ? [] : sourcesIn(path);
    return /\.[cm]?ts$/.test(entry.name) && !/\.d\.[cm]?ts$|\.(test|spec)\./.test(entry.name) ? [path] : [];
  });
}

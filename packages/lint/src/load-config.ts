import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { checkConfig, LintUsageError } from './config.js';
import type { LintConfig } from './config.js';

const NAMES = ['redress.config.ts', 'redress.config.mts', 'redress.config.mjs', 'redress.config.js', 'redress.config.json'];

/** The `lint` part of the configuration of a folder; an empty one when there is none. @throws LintUsageError when it does not fit. */
export async function loadLintConfig(root: string, named?: string): Promise<LintConfig> {
  const name = named ?? NAMES.find((one) => existsSync(join(root, one)));
  if (name !== undefined) {
    const file = join(root, name);
    if (!existsSync(file)) throw new LintUsageError(`--config ${name}: there is no such file.`);
    return checkConfig(await read(file, name), name);
  }
  const manifest = join(root, 'package.json');
  if (!existsSync(manifest)) return {};
  const { redress } = parse(manifest, 'package.json') as { redress?: unknown };
  return redress === undefined ? {} : checkConfig(redress, 'package.json, redress');
}

async function read(file: string, name: string): Promise<unknown> {
  if (name.endsWith('.json')) return parse(file, name);
  try {
    const module = (await (name.endsWith('ts') ? importTypeScript(file) : import(pathToFileURL(file).href))) as { default?: unknown };
    return module.default;
  } catch (error) {
    throw new LintUsageError(`${name}: it cannot be loaded: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Without its types, beside itself so that its imports are found, and gone again. */
async function importTypeScript(file: string): Promise<unknown> {
  const { ts } = await import('./port.js');
  const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, verbatimModuleSyntax: false };
  const out = ts.transpileModule(readFileSync(file, 'utf8'), { fileName: file, compilerOptions, reportDiagnostics: true });
  const [first] = out.diagnostics ?? [];
  if (first) throw new Error(ts.flattenDiagnosticMessageText(first.messageText, ' '));
  const beside = `${file}.${process.pid}.${performance.now()}.mjs`;
  try {
    writeFileSync(beside, out.outputText);
    return await import(pathToFileURL(beside).href);
  } finally {
    rmSync(beside, { force: true });
  }
}

function parse(file: string, name: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new LintUsageError(`${name}: it is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

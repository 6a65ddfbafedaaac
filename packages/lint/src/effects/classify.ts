import { ts } from '../port.js';
import type { Foreign } from '../analysis/foreign.js';
import { readOptions } from '../analysis/options.js';
import { bare, valueOf } from '../analysis/syntax.js';
import { GLOBALS, MODULES } from './list.js';
import type { EffectKind, ModuleEffects } from './list.js';

/** What users add to the list: by package or global, as in the configuration. */
export type EffectOptions = Readonly<Record<string, ModuleEffects | EffectKind | 'pure'>>;

export type Classify = (target: Foreign, call: ts.CallExpression | ts.NewExpression) => EffectKind | undefined;

/** The shipped list, and over it what the configuration says. */
export function classifier(own: EffectOptions = {}): Classify {
  const mine = (name: string): EffectOptions[string] | undefined => byName(own, name);
  return (target, call) => {
    if (target.kind === 'global') {
      if (target.name === 'new Date') return (call.arguments?.length ?? 0) === 0 ? 'random' : undefined;
      const said = mine(target.name) ?? GLOBALS[target.name];
      if (typeof said === 'object') return undefined;
      return said === 'http' ? methodKind(call) : said === 'pure' ? undefined : said;
    }
    const said = mine(target.module);
    if (typeof said === 'string') return said === 'pure' ? undefined : said;
    return (said && kindIn(said, target.member, call)) ?? kindIn(byName(MODULES, target.module) ?? {}, target.member, call);
  };
}

function byName<T>(list: Readonly<Record<string, T>>, name: string): T | undefined {
  if (Object.hasOwn(list, name)) return list[name];
  const fits = Object.keys(list).find((key) => key.endsWith('/*') && name.startsWith(key.slice(0, -1)));
  return fits === undefined ? undefined : list[fits];
}

function kindIn(effects: ModuleEffects, member: string, call: ts.CallExpression | ts.NewExpression): EffectKind | undefined {
  const holds = (names: readonly string[] | undefined): boolean => names?.includes(member) === true || names?.includes('*') === true;
  if (effects.write?.includes(member)) return 'write';
  if (effects.read?.includes(member)) return 'read';
  if (effects.random?.includes(member)) return 'random';
  if (effects.http?.includes(member)) return methodKind(call);
  if (effects.sql?.includes(member)) return sqlKind(call);
  return holds(effects.write) ? 'write' : holds(effects.read) ? 'read' : holds(effects.random) ? 'random' : undefined;
}

/** By the method among the options, in whichever argument they stand. Options that cannot be read may say anything. */
function methodKind(call: ts.CallExpression | ts.NewExpression): EffectKind {
  let kind: EffectKind = 'read';
  for (const [index, argument] of (call.arguments ?? []).entries()) {
    const value = valueOf(argument);
    if (!value || !ts.isObjectLiteralExpression(value)) {
      if (index > 0 && value && !ts.isStringLiteralLike(value)) kind = 'write';
      continue;
    }
    const options = readOptions(argument);
    const method = options.get('method');
    if (method && ts.isStringLiteralLike(method)) {
      if (!/^(get|head|options)$/i.test(method.text)) return 'write';
    } else if (method || !options.isWhole) return 'write';
  }
  return kind;
}

const READS = /^\s*(?:--.*\n\s*)*\(?\s*(select|with|show|explain|values|describe)\b/i;
const WRITES = /\b(insert\s+into|update\s+\S+\s+set|delete\s+from|merge\s+into|for\s+update)\b/i;

/** SQL that cannot be read may change something. */
function sqlKind(call: ts.CallExpression | ts.NewExpression): EffectKind | undefined {
  const text = sqlOf(call.arguments?.[0]);
  if (text === undefined) return 'write';
  return READS.test(text) && !WRITES.test(text) ? 'read' : 'write';
}

/** The text of SQL, with a `?` for each value in a template. */
export function sqlOf(node: ts.Expression | undefined): string | undefined {
  const value = valueOf(node);
  if (!value) return undefined;
  if (ts.isStringLiteralLike(value)) return value.text;
  if (ts.isTaggedTemplateExpression(value)) return sqlOf(value.template);
  if (ts.isTemplateExpression(value)) return value.head.text + value.templateSpans.map(({ literal }) => `?${literal.text}`).join('');
  if (ts.isObjectLiteralExpression(value)) {
    const { get } = readOptions(value);
    return sqlOf(get('text') ?? get('sql'));
  }
  if (ts.isBinaryExpression(value)) return sqlOf(bare(value.left));
  return undefined;
}

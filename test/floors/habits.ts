import ts from 'typescript';
import type { House, Room } from './house.js';
import { CHANCE, CLOCK, DEFAULT_DOORS, LONGEST } from './plan.js';
import { lineOf, walk } from './source.js';
import type { Source } from './source.js';

/** What breaks a rule of style that a machine can see, as `file:line sentence`. */
export function habitProblems(house: House): readonly string[] {
  const packages = house.filter((room) => room.kind === 'package');
  return packages.flatMap((room) => [
    ...doorProblems(room),
    ...room.sources.flatMap((source) => [
      ...lengthProblem(source),
      ...defaultExports(source),
      ...(source.isTest ? [] : anyTypes(source)),
      ...(source.isTest || room.name !== 'core' ? [] : timeAndChance(source)),
    ]),
  ]);
}

function doorProblems(room: Room): readonly string[] {
  const file = `${room.folder}/package.json:1`;
  const { manifest } = room;
  const doors: readonly (readonly [string, unknown])[] = [
    ['exports', manifest.exports],
    ['publishConfig.exports', manifest.private ? manifest.exports : manifest.publishConfig?.exports],
  ];
  const wrong = doors.filter(([, exports]) => {
    const keys = typeof exports === 'object' && exports !== null ? Object.keys(exports) : [];
    return keys.toSorted().join() !== '.,./package.json';
  });
  const problems = wrong.map(([field]) => `${file} "${field}" must have "." and "./package.json" and nothing else: one door.`);
  const hasDoor = room.sources.some(({ path }) => path === `${room.folder}/src/index.ts`);
  return hasDoor ? problems : [...problems, `${room.folder}/src/index.ts:1 is missing: it is the package's door.`];
}

function lengthProblem({ path, text }: Source): readonly string[] {
  const lines = text.replace(/\n$/, '').split('\n').length;
  return lines > LONGEST ? [`${path}:${LONGEST + 1} has ${lines} lines: stop at ${LONGEST}, and let a part move out.`] : [];
}

function defaultExports({ path, tree }: Source): readonly string[] {
  if (DEFAULT_DOORS.includes(path)) return [];
  const found: string[] = [];
  const say = (node: ts.Node): void => void found.push(`${path}:${lineOf(tree, node)} has a default export: give it a name.`);
  for (const statement of tree.statements) {
    if (ts.isExportAssignment(statement)) say(statement);
    else if (ts.canHaveModifiers(statement) && ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword)) {
      say(statement);
    } else if (ts.isExportDeclaration(statement) && statement.exportClause && ts.isNamedExports(statement.exportClause)) {
      for (const element of statement.exportClause.elements) if (element.name.text === 'default') say(element);
    }
  }
  return found;
}

function anyTypes({ path, tree }: Source): readonly string[] {
  const found: string[] = [];
  walk(tree, (node) => {
    if (node.kind === ts.SyntaxKind.AnyKeyword) found.push(`${path}:${lineOf(tree, node)} says "any": say "unknown" and check.`);
  });
  return found;
}

type Need = 'clock' | 'chance';

const GLOBALS: Readonly<Record<string, Need>> = {
  setTimeout: 'clock',
  setInterval: 'clock',
  setImmediate: 'clock',
};
const MEMBERS: Readonly<Record<string, Need>> = {
  'Date.now': 'clock',
  'performance.now': 'clock',
  'performance.timeOrigin': 'clock',
  'process.hrtime': 'clock',
  'process.uptime': 'clock',
  'AbortSignal.timeout': 'clock',
  'Math.random': 'chance',
  'crypto.randomUUID': 'chance',
  'crypto.randomBytes': 'chance',
  'crypto.randomInt': 'chance',
  'crypto.getRandomValues': 'chance',
};
const MODULES: Readonly<Record<string, Need>> = { timers: 'clock', 'timers/promises': 'clock', perf_hooks: 'clock' };
const IMPORTED: Readonly<Record<string, Need>> = {
  randomUUID: 'chance',
  randomBytes: 'chance',
  randomInt: 'chance',
  getRandomValues: 'chance',
};

/** Uses of the computer's clock, timers and chance outside the two files that wrap them. Types may speak of them. */
function timeAndChance({ path, tree, imports }: Source): readonly string[] {
  const found: string[] = [];
  const say = (line: number, what: string, need: Need): void => {
    if (path === (need === 'clock' ? CLOCK : CHANCE)) return;
    found.push(`${path}:${line} reads ${what}: take it from environment.${need === 'clock' ? 'clock' : 'random'}.`);
  };
  for (const { line, to } of imports) {
    const need = MODULES[to?.replace(/^node:/, '') ?? ''];
    if (need) say(line, `"${to}"`, need);
  }
  walk(tree, (node) => {
    if (ts.isTypeNode(node)) return ts.isExpressionWithTypeArguments(node);
    const line = (): number => lineOf(tree, node);
    if (ts.isImportSpecifier(node)) {
      const name = (node.propertyName ?? node.name).text;
      const need = IMPORTED[name];
      if (need && !node.isTypeOnly) say(line(), name, need);
      return false;
    }
    if ((ts.isNewExpression(node) || ts.isCallExpression(node)) && isGlobal(node.expression, 'Date')) {
      if (ts.isCallExpression(node) || !node.arguments?.length) say(line(), 'the date of today', 'clock');
    }
    const member = memberName(node);
    if (member !== undefined) {
      const need = MEMBERS[member] ?? GLOBALS[member];
      if (need) {
        say(line(), member, need);
        return false;
      }
    }
    if (ts.isIdentifier(node) && isValue(node)) {
      const need = GLOBALS[node.text];
      if (need) say(line(), node.text, need);
    }
    if (ts.isVariableDeclaration(node) && ts.isObjectBindingPattern(node.name) && node.initializer && ts.isIdentifier(node.initializer)) {
      for (const { propertyName, name } of node.name.elements) {
        const taken = `${node.initializer.text}.${(propertyName ?? name).getText(tree)}`;
        const need = MEMBERS[taken];
        if (need) say(line(), taken, need);
      }
    }
    return true;
  });
  return found;
}

/** `Date.now` for `Date.now`, `globalThis.Date.now` and `Date['now']`; `setTimeout` for `globalThis.setTimeout`. */
function memberName(node: ts.Node): string | undefined {
  const name = ts.isPropertyAccessExpression(node)
    ? node.name.text
    : ts.isElementAccessExpression(node) && ts.isStringLiteralLike(node.argumentExpression)
      ? node.argumentExpression.text
      : undefined;
  if (name === undefined) return undefined;
  const { expression } = node as ts.PropertyAccessExpression | ts.ElementAccessExpression;
  if (ts.isIdentifier(expression)) return expression.text === 'globalThis' ? name : `${expression.text}.${name}`;
  const inner = memberName(expression);
  return inner === undefined || inner.includes('.') ? undefined : `${inner}.${name}`;
}

function isGlobal(node: ts.Expression, name: string): boolean {
  return (ts.isIdentifier(node) && node.text === name) || memberName(node) === name;
}

/** Not a field's, parameter's or property's own name. */
function isValue(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isPropertyAssignment(parent)) return parent.initializer === node;
  if (ts.isShorthandPropertyAssignment(parent)) return true;
  const named = parent as { readonly name?: ts.Node };
  return named.name !== node;
}

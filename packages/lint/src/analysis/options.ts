import { ts } from '../port.js';
import { bare, valueOf } from './syntax.js';

/** The literal object that a mark was given. */
export interface Options {
  /** False: it holds something that cannot be read, such as a spread or an imported constant. */
  readonly isWhole: boolean;
  /** Constants of the same file are looked up. A method of the object answers itself. */
  get(name: string): ts.Expression | undefined;
}

const NONE: Options = { isWhole: true, get: () => undefined };

export function readOptions(node: ts.Expression | undefined): Options {
  if (!node) return NONE;
  const object = valueOf(node);
  if (!object || !ts.isObjectLiteralExpression(object)) {
    const isPlain =
      object !== undefined && (ts.isLiteralExpression(object) || ts.isFunctionLike(object) || ts.isArrayLiteralExpression(object));
    return { isWhole: isPlain, get: () => undefined };
  }
  const found = new Map<string, ts.Expression>();
  let isWhole = true;
  for (const property of object.properties) {
    if (ts.isSpreadAssignment(property)) {
      const inner = readOptions(property.expression);
      isWhole &&= inner.isWhole && ts.isObjectLiteralExpression(valueOf(property.expression) ?? property.expression);
      const spread = valueOf(property.expression);
      if (spread && ts.isObjectLiteralExpression(spread)) {
        for (const one of spread.properties) if (one.name) setFrom(one, found);
      }
    } else if (property.name && ts.isComputedPropertyName(property.name)) isWhole = false;
    else setFrom(property, found);
  }
  return { isWhole, get: (name) => valueOf(found.get(name)) };
}

function setFrom(property: ts.ObjectLiteralElementLike, found: Map<string, ts.Expression>): void {
  const name = property.name && (ts.isIdentifier(property.name) || ts.isStringLiteralLike(property.name)) ? property.name.text : undefined;
  if (name === undefined) return;
  if (ts.isPropertyAssignment(property)) found.set(name, bare(property.initializer));
  else if (ts.isShorthandPropertyAssignment(property)) found.set(name, property.name);
  else if (ts.isMethodDeclaration(property)) found.set(name, property as unknown as ts.Expression);
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of a literal duration; undefined when it is none. */
export function millisecondsOf(node: ts.Expression | undefined): number | undefined {
  if (!node) return undefined;
  if (ts.isNumericLiteral(node)) return Number(node.text);
  const found = ts.isStringLiteralLike(node) ? /^\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)\s*$/.exec(node.text) : undefined;
  return found ? Number(found[1]) * (UNITS[found[2] ?? ''] ?? 1) : undefined;
}

export function numberOf(node: ts.Expression | undefined): number | undefined {
  return node && ts.isNumericLiteral(node) ? Number(node.text) : undefined;
}

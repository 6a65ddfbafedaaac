import { ts } from '../port.js';
import { bare, walk } from '../analysis/syntax.js';
import type { Function } from '../analysis/syntax.js';

export interface FieldWrite {
  readonly field: string;
  readonly node: ts.Node;
}

/** Assignments to fields of the object: `this.x = …`, `this.x++`, `this.x.y = …`, `delete this.x`, `[this.x] = …`. */
export function writesToThis(fn: Function): readonly FieldWrite[] {
  const found: FieldWrite[] = [];
  const add = (target: ts.Expression): void => {
    const one = bare(target);
    if (ts.isArrayLiteralExpression(one)) one.elements.forEach(add);
    else if (ts.isObjectLiteralExpression(one)) {
      for (const property of one.properties) if (ts.isPropertyAssignment(property)) add(property.initializer);
    } else {
      const field = fieldOf(one);
      if (field !== undefined) found.push({ field, node: one });
    }
  };
  walk(fn.body, (node) => {
    if (ts.isClassLike(node) || ts.isFunctionDeclaration(node) || ts.isFunctionExpression(node)) return false;
    if (ts.isBinaryExpression(node) && isAssignment(node.operatorToken.kind)) add(node.left);
    if (ts.isDeleteExpression(node)) add(node.expression);
    if (ts.isPrefixUnaryExpression(node) || ts.isPostfixUnaryExpression(node)) {
      if (node.operator === ts.SyntaxKind.PlusPlusToken || node.operator === ts.SyntaxKind.MinusMinusToken) add(node.operand);
    }
    return true;
  });
  return found;
}

/** `x` of `this.x`, `this.x.y` and `this.#x[0]`. */
function fieldOf(node: ts.Expression): string | undefined {
  let one = node;
  while (ts.isPropertyAccessExpression(one) || ts.isElementAccessExpression(one)) {
    const inner = bare(one.expression);
    if (inner.kind === ts.SyntaxKind.ThisKeyword) return ts.isPropertyAccessExpression(one) ? one.name.text : '[…]';
    one = inner;
  }
  return undefined;
}

function isAssignment(kind: ts.SyntaxKind): boolean {
  // `this.client ??= connect()` makes a thing of the object when it is needed first, and keeps nothing of a run.
  if (kind === ts.SyntaxKind.QuestionQuestionEqualsToken || kind === ts.SyntaxKind.BarBarEqualsToken) return false;
  return kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment;
}

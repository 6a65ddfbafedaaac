import { ts } from '../port.js';
import { isPivot, isStep } from './model.js';
import type { Operation } from './model.js';
import type { Hop, Reach } from './reach.js';

/** A call of a saga or step in the body of a saga, helpers included. */
export interface Called {
  readonly operation: Operation;
  readonly hops: readonly Hop[];
  /** The call in the body itself. */
  readonly call: ts.Node;
}

export interface AfterPivot {
  readonly pivot: Called;
  readonly later: Called;
  /** They run at the same time. */
  readonly isBeside: boolean;
}

/** The operation is a point of no return, or a saga that has one. */
export function hasPivot(operation: Operation, reach: Reach, seen = new Set<Operation>()): boolean {
  if (isStep(operation)) return isPivot(operation);
  if (seen.has(operation)) return false;
  seen.add(operation);
  return reach.operations(operation.fn).some((one) => hasPivot(one.operation, reach, seen));
}

/**
 * What a saga calls after its pivot, or beside it. Certain cases only: a later call under a condition of its own is left
 * out, since it may be the condition under which the pivot was not called.
 */
export function afterPivot(saga: Operation, reach: Reach): readonly AfterPivot[] {
  const calls: Called[] = reach.operations(saga.fn).flatMap(({ operation, hops }) => {
    const call = hops[0]?.call;
    return call ? [{ operation, hops, call }] : [];
  });
  return calls
    .filter(({ operation }) => hasPivot(operation, reach))
    .flatMap((pivot) =>
      calls.flatMap((later) => {
        const isBeside = later !== pivot && areConcurrent(pivot.call, later.call);
        return isBeside || follows(later, pivot) ? [{ pivot, later, isBeside }] : [];
      }),
    );
}

function follows(later: Called, pivot: Called): boolean {
  const own = pivot.hops.flatMap(({ call }) => conditionsOf(call));
  if (!later.hops.flatMap(({ call }) => conditionsOf(call)).every((one) => own.includes(one))) return false;
  const depth = pivot.hops.findIndex((hop, i) => hop.call !== later.hops[i]?.call);
  const [first, second] = depth === -1 ? [pivot.call, later.call] : [pivot.hops[depth]?.call, later.hops[depth]?.call];
  if (!first || !second) return false;
  if (leaves(first, second)) return false;
  if (second !== first && second.getEnd() > first.getEnd()) return true;
  const loop = loopAround(first);
  return loop !== undefined && isWithin(second, loop) && !leaves(first, loop);
}

/** What must be so that a call is reached: the arms of its conditions, within its function. */
function conditionsOf(call: ts.Node): readonly ts.Node[] {
  const found: ts.Node[] = [];
  for (let one = call; one.parent && !isFunctionEnd(one); one = one.parent) {
    const { parent } = one;
    if (ts.isIfStatement(parent) && one !== parent.expression) found.push(one);
    else if (ts.isConditionalExpression(parent) && one !== parent.condition) found.push(one);
    else if (ts.isBinaryExpression(parent) && one === parent.right && isShort(parent.operatorToken.kind)) found.push(one);
    else if (ts.isCaseOrDefaultClause(one) || ts.isCatchClause(one)) found.push(one);
  }
  return found;
}

function isShort(kind: ts.SyntaxKind): boolean {
  return [ts.SyntaxKind.AmpersandAmpersandToken, ts.SyntaxKind.BarBarToken, ts.SyntaxKind.QuestionQuestionToken].includes(kind);
}

function isFunctionEnd(node: ts.Node): boolean {
  return ts.isFunctionLike(node) && !ts.isArrowFunction(node) && !ts.isFunctionExpression(node);
}

/** After `first` its block ends by return, throw, break or continue, before `second` is reached. */
function leaves(first: ts.Node, second: ts.Node): boolean {
  for (let one = first; one.parent && !isWithin(second, one.parent); one = one.parent) if (endsIn(one.parent, one)) return true;
  const common = commonOf(first, second);
  const statement = common && childOf(common, first);
  return statement !== undefined && statement !== childOf(common as ts.Node, second) && endsItself(statement);
}

function endsIn(block: ts.Node, from: ts.Node): boolean {
  const statements = ts.isBlock(block) || ts.isCaseOrDefaultClause(block) ? block.statements : undefined;
  if (!statements) return endsItself(block);
  const at = statements.findIndex((one) => one === from);
  return statements.slice(at).some(endsItself);
}

function endsItself(node: ts.Node): boolean {
  return ts.isReturnStatement(node) || ts.isThrowStatement(node) || ts.isBreakStatement(node) || ts.isContinueStatement(node);
}

function commonOf(first: ts.Node, second: ts.Node): ts.Node | undefined {
  return ts.findAncestor(first, (one) => isWithin(second, one));
}

function childOf(parent: ts.Node, inner: ts.Node): ts.Node | undefined {
  return ts.findAncestor(inner, (one) => one.parent === parent);
}

function isWithin(node: ts.Node, outer: ts.Node): boolean {
  return ts.findAncestor(node, (one) => one === outer) !== undefined;
}

function loopAround(node: ts.Node): ts.Node | undefined {
  return ts.findAncestor(node.parent, (one) => (isFunctionEnd(one) ? 'quit' : ts.isIterationStatement(one, false)));
}

/** Different elements of one `Promise.all([…])`. */
function areConcurrent(one: ts.Node, other: ts.Node): boolean {
  const list = commonOf(one, other);
  if (!list || !ts.isArrayLiteralExpression(list) || !ts.isCallExpression(list.parent)) return false;
  return /^Promise\.(all|allSettled|any|race)$/.test(list.parent.expression.getText()) && childOf(list, one) !== childOf(list, other);
}

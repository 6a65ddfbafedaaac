import { ts } from '../port.js';

/** Visits a tree; the visitor answers false to leave a branch out. */
export function walk(node: ts.Node, visit: (node: ts.Node) => boolean | void): void {
  const inner = (one: ts.Node): void => {
    if (visit(one) !== false) ts.forEachChild(one, inner);
  };
  ts.forEachChild(node, inner);
}

/** The first node of the tree, itself included, that fits. */
export function find(node: ts.Node, fits: (node: ts.Node) => boolean): ts.Node | undefined {
  if (fits(node)) return node;
  return ts.forEachChild(node, (one) => find(one, fits));
}

export const has = (node: ts.Node | undefined, fits: (node: ts.Node) => boolean): boolean =>
  node !== undefined && find(node, fits) !== undefined;

/** Without brackets, `as`, `satisfies`, `!` and `await` around it. */
export function bare(node: ts.Expression): ts.Expression {
  let one = node;
  while (
    ts.isParenthesizedExpression(one) ||
    ts.isAsExpression(one) ||
    ts.isSatisfiesExpression(one) ||
    ts.isNonNullExpression(one) ||
    ts.isAwaitExpression(one) ||
    ts.isTypeAssertionExpression(one)
  )
    one = one.expression;
  return one;
}

export type Function = ts.FunctionLikeDeclaration & { readonly body: ts.ConciseBody };

export function isFunction(node: ts.Node | undefined): node is Function {
  return node !== undefined && ts.isFunctionLike(node) && 'body' in node && node.body !== undefined;
}

export function classAround(node: ts.Node): ts.ClassLikeDeclaration | undefined {
  return ts.findAncestor(node.parent, ts.isClassLike);
}

/** `['this', 'http', 'post']` for `this.http.post`; undefined when something else than names stands in it. */
export function pathOf(node: ts.Expression): readonly string[] | undefined {
  const one = bare(node);
  if (one.kind === ts.SyntaxKind.ThisKeyword) return ['this'];
  if (one.kind === ts.SyntaxKind.SuperKeyword) return ['super'];
  if (ts.isIdentifier(one)) return [one.text];
  if (ts.isPropertyAccessExpression(one)) {
    const before = pathOf(one.expression);
    return before && [...before, one.name.text];
  }
  if (ts.isElementAccessExpression(one) && ts.isStringLiteralLike(one.argumentExpression)) {
    const before = pathOf(one.expression);
    return before && [...before, one.argumentExpression.text];
  }
  return undefined;
}

/** The name that is called last: `post` of `this.http().post`. */
export function lastName(node: ts.Expression): string | undefined {
  const one = bare(node);
  if (ts.isIdentifier(one)) return one.text;
  if (ts.isPropertyAccessExpression(one)) return one.name.text;
  return ts.isElementAccessExpression(one) && ts.isStringLiteralLike(one.argumentExpression) ? one.argumentExpression.text : undefined;
}

/** What stands at the very left: `db` of `db.insert(x).values(y)`. */
export function rootOf(node: ts.Expression): ts.Expression {
  let one = bare(node);
  for (;;) {
    if (ts.isPropertyAccessExpression(one) || ts.isElementAccessExpression(one) || ts.isCallExpression(one)) one = bare(one.expression);
    else return one;
  }
}

export function lineOf(node: ts.Node): number {
  const source = node.getSourceFile();
  return source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
}

/** The declaration of a name in the blocks around a place, the innermost one. */
export function declarationOf(name: string, from: ts.Node): ts.Node | undefined {
  for (let scope: ts.Node | undefined = from.parent; scope; scope = scope.parent) {
    const found = declaredIn(scope).get(name);
    if (found) return found;
  }
  return undefined;
}

const scopes = new WeakMap<ts.Node, ReadonlyMap<string, ts.Node>>();

function declaredIn(scope: ts.Node): ReadonlyMap<string, ts.Node> {
  const known = scopes.get(scope);
  if (known) return known;
  const names = new Map<string, ts.Node>();
  const add = (name: ts.BindingName | undefined, node: ts.Node): void => {
    if (!name) return;
    if (ts.isIdentifier(name)) names.set(name.text, node);
    else for (const element of name.elements) if (ts.isBindingElement(element)) add(element.name, element);
  };
  const variables = (list: ts.VariableDeclarationList): void => list.declarations.forEach((one) => add(one.name, one));
  if (ts.isFunctionLike(scope)) scope.parameters.forEach((one) => add(one.name, one));
  if (ts.isCatchClause(scope)) add(scope.variableDeclaration?.name, scope);
  if ((ts.isForOfStatement(scope) || ts.isForInStatement(scope) || ts.isForStatement(scope)) && scope.initializer) {
    if (ts.isVariableDeclarationList(scope.initializer)) variables(scope.initializer);
  }
  if (ts.isBlock(scope) || ts.isSourceFile(scope) || ts.isModuleBlock(scope) || ts.isCaseOrDefaultClause(scope)) {
    for (const statement of scope.statements) {
      if (ts.isVariableStatement(statement)) variables(statement.declarationList);
      else if (ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement)) add(statement.name, statement);
      else if (ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement)) {
        if (!names.has(statement.name.text)) names.set(statement.name.text, statement);
      } else if (ts.isImportDeclaration(statement)) imports(statement, names);
    }
  }
  scopes.set(scope, names);
  return names;
}

function imports(statement: ts.ImportDeclaration, names: Map<string, ts.Node>): void {
  const clause = statement.importClause;
  if (clause?.name) names.set(clause.name.text, clause);
  if (!clause?.namedBindings) return;
  if (ts.isNamespaceImport(clause.namedBindings)) names.set(clause.namedBindings.name.text, clause.namedBindings);
  else for (const one of clause.namedBindings.elements) names.set(one.name.text, one);
}

/** The value an expression stands for, through constants of the same file. */
export function valueOf(node: ts.Expression | undefined): ts.Expression | undefined {
  let one = node && bare(node);
  for (let i = 0; one && ts.isIdentifier(one) && i < 5; i++) {
    const declared = declarationOf(one.text, one);
    if (!declared || !ts.isVariableDeclaration(declared) || !declared.initializer) return one;
    if ((ts.getCombinedNodeFlags(declared) & ts.NodeFlags.Const) === 0) return one;
    one = bare(declared.initializer);
  }
  return one;
}

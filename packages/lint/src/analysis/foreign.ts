import { ts } from '../port.js';
import { baseExpression, memberOf } from './own.js';
import { bare, classAround, declarationOf, lastName, pathOf, rootOf } from './syntax.js';

/** Something that is not code of the project: of a package, or a global. */
export type Foreign =
  | { readonly kind: 'foreign'; readonly module: string; readonly member: string }
  /** `Date.now`, `fetch`, `new Date`. */
  | { readonly kind: 'global'; readonly name: string };

/** The declaration behind an import of the project's own, where there are types. */
export type Follow = (specifier: ts.Node) => ts.Node | undefined;

/** By names: where the object at the left of a call was imported from, and what is called of it. */
export function foreignTarget(call: ts.CallExpression | ts.NewExpression, follow: Follow = () => undefined): Foreign | undefined {
  const callee = bare(call.expression);
  const root = rootOf(callee);
  if (ts.isIdentifier(root)) {
    const declared = declarationOf(root.text, root);
    if (!declared) {
      const path = pathOf(callee);
      const name = path?.join('.').replace(/^(globalThis|window|self)\./, '');
      return name === undefined ? undefined : { kind: 'global', name: ts.isNewExpression(call) ? `new ${name}` : name };
    }
  }
  const module = new Origins(follow).ofExpression(root.kind === ts.SyntaxKind.ThisKeyword ? callee : root);
  if (module === undefined) return undefined;
  const isItself = ts.isIdentifier(callee);
  const member = isItself ? importedName(callee) : (lastName(callee) ?? '');
  return { kind: 'foreign', module, member: ts.isNewExpression(call) ? `new ${member}` : member };
}

/** `writeFile` for `import { writeFile as w }`; empty for a default import, which is called itself. */
function importedName(name: ts.Identifier): string {
  const declared = declarationOf(name.text, name);
  if (declared && ts.isImportSpecifier(declared)) return (declared.propertyName ?? declared.name).text;
  return '';
}

/** Looks for the package that something comes from; what it has seen ends rings such as `const a = b, b = a`. */
class Origins {
  readonly #follow: Follow;
  readonly #seen = new Set<ts.Node>();

  constructor(follow: Follow) {
    this.#follow = follow;
  }

  ofExpression(node: ts.Expression): string | undefined {
    const one = bare(node);
    if (this.#seen.has(one)) return undefined;
    this.#seen.add(one);
    if (ts.isIdentifier(one)) return this.#ofDeclaration(declarationOf(one.text, one));
    if (ts.isNewExpression(one) || ts.isCallExpression(one)) return this.ofExpression(rootExpression(one.expression));
    if (!ts.isPropertyAccessExpression(one)) return undefined;
    const [first, field] = pathOf(one) ?? [];
    if (first !== 'this' || field === undefined) return this.ofExpression(rootExpression(one.expression));
    const type = classAround(one);
    const member = type && memberOf(type, field);
    return member ? this.#ofDeclaration(member) : type && this.#ofBase(type);
  }

  #ofBase(type: ts.ClassLikeDeclaration): string | undefined {
    const base = baseExpression(type);
    return base && this.ofExpression(base);
  }

  #ofDeclaration(node: ts.Node | undefined): string | undefined {
    if (!node || this.#seen.has(node)) return undefined;
    this.#seen.add(node);
    const imported = importedFrom(node);
    if (imported !== undefined) {
      const own = this.#follow(node);
      if (own) return this.#ofDeclaration(own);
      return imported.startsWith('.') ? undefined : imported.replace(/^node:/, '');
    }
    if (ts.isBindingElement(node)) {
      const variable = ts.findAncestor(node, ts.isVariableDeclaration);
      return variable?.initializer && this.ofExpression(variable.initializer);
    }
    if (ts.isClassLike(node)) return this.#ofBase(node);
    if (ts.isTypeAliasDeclaration(node)) return this.#ofType(node.type);
    if (ts.isInterfaceDeclaration(node)) return this.#ofHeritage(node);
    if (ts.isFunctionLike(node)) return this.#ofResult(node);
    if (ts.isParameter(node) && !node.type && !node.initializer) return this.#ofArgument(node);
    if (ts.isParameter(node) || ts.isPropertyDeclaration(node) || ts.isVariableDeclaration(node)) return this.#ofVariable(node);
    return undefined;
  }

  #ofVariable({ type, initializer }: ts.ParameterDeclaration | ts.PropertyDeclaration | ts.VariableDeclaration): string | undefined {
    const typed = type && this.#ofType(type);
    if (typed !== undefined || !initializer) return typed;
    const value = bare(initializer);
    return ts.isArrowFunction(value) || ts.isFunctionExpression(value) ? undefined : this.ofExpression(value);
  }

  /** `db` for `private db(): Drizzle` and `private db() { return drizzle(…); }`. */
  #ofResult(node: ts.SignatureDeclaration): string | undefined {
    if (node.type) return this.#ofType(node.type);
    const body = 'body' in node ? (node.body as ts.ConciseBody | undefined) : undefined;
    const returned = body && ts.isBlock(body) ? body.statements.find(ts.isReturnStatement)?.expression : body;
    return returned && ts.isExpression(returned) ? this.ofExpression(returned) : undefined;
  }

  /** `tx` of `db.transaction(async (tx) => …)`: what the called function says of it, else the package of what is called. */
  #ofArgument(node: ts.ParameterDeclaration): string | undefined {
    const fn = node.parent;
    const call = fn.parent;
    if (!ts.isCallExpression(call) || !call.arguments.some((one) => one === fn)) return undefined;
    const declared = ts.isIdentifier(call.expression) ? this.#declared(call.expression) : undefined;
    if (!declared || !ts.isFunctionLike(declared)) return this.ofExpression(rootExpression(call.expression));
    const type = declared.parameters[call.arguments.findIndex((one) => one === fn)]?.type;
    const own = type && ts.isFunctionTypeNode(type) ? type.parameters[fn.parameters.indexOf(node)]?.type : undefined;
    return own && this.#ofType(own);
  }

  #declared(name: ts.Identifier): ts.Node | undefined {
    const declared = declarationOf(name.text, name);
    const own = declared && importedFrom(declared) !== undefined ? this.#follow(declared) : declared;
    return own && ts.isVariableDeclaration(own) && own.initializer ? bare(own.initializer) : own;
  }

  #ofHeritage(node: ts.InterfaceDeclaration): string | undefined {
    for (const { expression } of node.heritageClauses?.flatMap(({ types }) => [...types]) ?? []) {
      const found = this.ofExpression(expression);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #ofType(type: ts.TypeNode): string | undefined {
    if (ts.isUnionTypeNode(type)) return type.types.map((one) => this.#ofType(one)).find((one) => one !== undefined);
    if (ts.isTypeQueryNode(type) && ts.isIdentifier(type.exprName)) {
      return this.#ofDeclaration(declarationOf(type.exprName.text, type.exprName));
    }
    if (!ts.isTypeReferenceNode(type)) return undefined;
    let name: ts.EntityName = type.typeName;
    while (ts.isQualifiedName(name)) name = name.left;
    const declared = declarationOf(name.text, name);
    const inner = type.typeArguments?.[0];
    if (!declared && inner && ['Awaited', 'Promise', 'ReturnType', 'Readonly', 'Partial'].includes(name.text)) return this.#ofType(inner);
    return this.#ofDeclaration(declared);
  }
}

function rootExpression(node: ts.Expression): ts.Expression {
  const root = rootOf(node);
  return root.kind === ts.SyntaxKind.ThisKeyword ? node : root;
}

/** The module specifier of an import. */
export function importedFrom(node: ts.Node): string | undefined {
  if (!ts.isImportSpecifier(node) && !ts.isImportClause(node) && !ts.isNamespaceImport(node)) return undefined;
  const statement = ts.findAncestor(node, ts.isImportDeclaration);
  return statement && ts.isStringLiteral(statement.moduleSpecifier) ? statement.moduleSpecifier.text : undefined;
}

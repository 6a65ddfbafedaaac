import { ts } from '../port.js';
import { declarationOf } from '../analysis/syntax.js';

/** Types of which no copy can be kept. */
const LIVE = new Set([
  ...[
    'Function',
    'Promise',
    'PromiseLike',
    'WeakMap',
    'WeakSet',
    'WeakRef',
    'AbortSignal',
    'AbortController',
    'Generator',
    'AsyncGenerator',
  ],
  ...[
    'Iterator',
    'AsyncIterator',
    'AsyncIterable',
    'Readable',
    'Writable',
    'Duplex',
    'Transform',
    'Stream',
    'ReadableStream',
    'WritableStream',
  ],
  ...['Socket', 'Server', 'IncomingMessage', 'ServerResponse', 'EventEmitter', 'EventTarget', 'Worker', 'MessagePort', 'ChildProcess'],
  ...['FormData', 'Blob', 'FileHandle', 'Timeout', 'Timer', 'ReadStream', 'WriteStream'],
]);
const NODE = ['NodeJS', 'net', 'http', 'stream', 'fs', 'tls', 'events', 'child_process', 'worker_threads'];

/** What in a type cannot be kept in a journal or a checkpoint, as `a function (at .onDone)`; types of the project are looked into. */
export function unencodable(type: ts.TypeNode, checker: ts.TypeChecker | undefined, depth = 0): string | undefined {
  if (ts.isFunctionTypeNode(type) || ts.isConstructorTypeNode(type)) return 'a function';
  if (type.kind === ts.SyntaxKind.SymbolKeyword) return 'a symbol';
  const inner = (one: ts.TypeNode): string | undefined => unencodable(one, checker, depth);
  if (ts.isParenthesizedTypeNode(type) || ts.isTypeOperatorNode(type) || ts.isOptionalTypeNode(type)) return inner(type.type);
  if (ts.isIntersectionTypeNode(type)) return first(type.types, inner);
  if (ts.isUnionTypeNode(type)) return ofUnion(type, inner);
  if (ts.isArrayTypeNode(type)) return inner(type.elementType);
  if (ts.isTupleTypeNode(type)) return first(type.elements, (one) => inner(ts.isNamedTupleMember(one) ? one.type : one));
  if (ts.isTypeLiteralNode(type)) return members(type.members, checker, depth);
  return ts.isTypeReferenceNode(type) ? named(type, checker, depth) : undefined;
}

/** One member that can be kept is enough: nobody says that it is another one. */
function ofUnion({ types }: ts.UnionTypeNode, inner: (one: ts.TypeNode) => string | undefined): string | undefined {
  const all = types.filter((one) => !isNothing(one)).map(inner);
  return all.every((one) => one !== undefined) ? all[0] : undefined;
}

function isNothing(type: ts.TypeNode): boolean {
  return type.kind === ts.SyntaxKind.UndefinedKeyword || (ts.isLiteralTypeNode(type) && type.literal.kind === ts.SyntaxKind.NullKeyword);
}

function named(type: ts.TypeReferenceNode, checker: ts.TypeChecker | undefined, depth: number): string | undefined {
  const text = type.typeName.getText();
  const [left, right] = text.includes('.') ? text.split('.') : [undefined, text];
  const declared = declaredAs(type.typeName, checker);
  const isForeign = declared === undefined || ts.isImportSpecifier(declared);
  if (right !== undefined && LIVE.has(right) && isForeign && (left === undefined || NODE.includes(left))) return article(text);
  const own = first(type.typeArguments ?? [], (one) => unencodable(one, checker, depth));
  if (own || depth > 3 || !declared) return own;
  if (ts.isTypeAliasDeclaration(declared)) return unencodable(declared.type, checker, depth + 1);
  return ts.isInterfaceDeclaration(declared) ? members(declared.members, checker, depth + 1) : undefined;
}

function declaredAs(name: ts.EntityName, checker: ts.TypeChecker | undefined): ts.Node | undefined {
  if (!ts.isIdentifier(name)) return undefined;
  let symbol = checker?.getSymbolAtLocation(name);
  if (symbol && checker && (symbol.flags & ts.SymbolFlags.Alias) !== 0) symbol = checker.getAliasedSymbol(symbol);
  const found = symbol?.declarations?.find((one) => !one.getSourceFile().isDeclarationFile);
  return found ?? declarationOf(name.text, name);
}

function members(all: readonly ts.TypeElement[], checker: ts.TypeChecker | undefined, depth: number): string | undefined {
  return first(all, (one) => {
    const name = one.name?.getText() ?? '';
    if (ts.isMethodSignature(one)) return one.questionToken ? undefined : `a function (at .${name})`;
    // What need not be there may never be.
    if (!ts.isPropertySignature(one) || !one.type || one.questionToken) return undefined;
    const found = unencodable(one.type, checker, depth + 1);
    return found?.includes(' (at ') ? found.replace(' (at ', ` (at .${name}`) : found && `${found} (at .${name})`;
  });
}

function first<T>(all: readonly T[], look: (one: T) => string | undefined): string | undefined {
  for (const one of all) {
    const found = look(one);
    if (found) return found;
  }
  return undefined;
}

function article(name: string): string {
  return `${/^[AEIOU]/.test(name) ? 'an' : 'a'} ${name}`;
}

import { ts } from '../port.js';
import { bare, classAround, declarationOf, isFunction } from './syntax.js';
import type { Function } from './syntax.js';

/** The functions of the same file that a call reaches, by what the file says. */
export function ownTarget(call: ts.CallExpression): readonly Function[] {
  const callee = bare(call.expression);
  if (ts.isIdentifier(callee)) {
    const declared = declarationOf(callee.text, callee);
    return declared ? functionOf(declared) : [];
  }
  if (!ts.isPropertyAccessExpression(callee)) return [];
  const type = classOf(callee.expression);
  const member = type && memberOf(type, callee.name.text);
  return member ? functionOf(member) : [];
}

function functionOf(node: ts.Node): readonly Function[] {
  if (isFunction(node)) return [node];
  if ((ts.isVariableDeclaration(node) || ts.isPropertyDeclaration(node)) && node.initializer) {
    const value = bare(node.initializer);
    return isFunction(value) ? [value] : [];
  }
  return [];
}

/** The class of an object: `this`, `this.field`, a parameter or a constant. */
function classOf(node: ts.Expression): ts.ClassLikeDeclaration | undefined {
  const one = bare(node);
  if (one.kind === ts.SyntaxKind.ThisKeyword) return classAround(one);
  if (one.kind === ts.SyntaxKind.SuperKeyword) return baseOf(classAround(one));
  if (ts.isNewExpression(one)) return namedClass(one.expression);
  if (ts.isIdentifier(one)) {
    const declared = declarationOf(one.text, one);
    return declared && (ts.isParameter(declared) || ts.isVariableDeclaration(declared)) ? typeOf(declared) : undefined;
  }
  if (ts.isPropertyAccessExpression(one)) {
    const owner = classOf(one.expression);
    const member = owner && memberOf(owner, one.name.text);
    return member && (ts.isPropertyDeclaration(member) || ts.isParameter(member)) ? typeOf(member) : undefined;
  }
  return undefined;
}

function typeOf(node: ts.ParameterDeclaration | ts.PropertyDeclaration | ts.VariableDeclaration): ts.ClassLikeDeclaration | undefined {
  if (node.type && ts.isTypeReferenceNode(node.type) && ts.isIdentifier(node.type.typeName)) return namedClass(node.type.typeName);
  const value = node.initializer && bare(node.initializer);
  return value && ts.isNewExpression(value) ? namedClass(value.expression) : undefined;
}

function namedClass(name: ts.Expression): ts.ClassLikeDeclaration | undefined {
  const declared = ts.isIdentifier(name) ? declarationOf(name.text, name) : undefined;
  return declared && ts.isClassLike(declared) ? declared : undefined;
}

export function baseOf(type: ts.ClassLikeDeclaration | undefined): ts.ClassLikeDeclaration | undefined {
  const base = baseExpression(type);
  return base && namedClass(base);
}

export function baseExpression(type: ts.ClassLikeDeclaration | undefined): ts.Expression | undefined {
  return type?.heritageClauses?.find(({ token }) => token === ts.SyntaxKind.ExtendsKeyword)?.types[0]?.expression;
}

/** A member of a class, of its bases in the same file too: a method, a field or a parameter property. */
export function memberOf(type: ts.ClassLikeDeclaration, name: string): ts.Node | undefined {
  const seen = new Set<ts.Node>();
  for (let one: ts.ClassLikeDeclaration | undefined = type; one && !seen.has(one); one = baseOf(one)) {
    seen.add(one);
    const member = one.members.find(
      (each) =>
        each.name && (ts.isIdentifier(each.name) || ts.isPrivateIdentifier(each.name)) && each.name.text === name && !isOverload(each),
    );
    if (member) return member;
    const constructor = one.members.find(ts.isConstructorDeclaration);
    const property = constructor?.parameters.find(
      (each) => ts.isIdentifier(each.name) && each.name.text === name && ts.isParameterPropertyDeclaration(each, constructor),
    );
    if (property) return property;
  }
  return undefined;
}

function isOverload(member: ts.ClassElement): boolean {
  return ts.isMethodDeclaration(member) && !member.body && !member.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.AbstractKeyword);
}

import { ts } from '../port.js';
import type { ClassModel, Unit } from '../analysis/model.js';
import { declarationOf } from '../analysis/syntax.js';

/** A constructor parameter that a container fills in. */
export interface Injected {
  readonly type: ClassModel;
  /** The container of NestJS, whose own builds keep the types of parameters. */
  readonly isNest: boolean;
  readonly parameter: ts.ParameterDeclaration;
  /** `@inject(Token)` and whatever else stands there; undefined: the container goes by the type. */
  readonly token: ts.Decorator | undefined;
  /** The name of its type, where it is a plain one. */
  readonly name: ts.Identifier | undefined;
  readonly declared: ts.Node | undefined;
}

const INJECTABLE = /^(injectable|singleton|scoped|autoInjectable|registry|Injectable|Controller|Resolver|Service|Singleton)$/;
const NEST = /^(Injectable|Controller|Resolver)$/;

/** The constructor parameters of injectable classes that have marks of ours. */
export function injectedIn(unit: Unit): readonly Injected[] {
  return unit.classes
    .filter(({ marked, marks, node }) => (marked.length > 0 || marks.length > 0) && names(node).some((one) => INJECTABLE.test(one)))
    .flatMap((type) => {
      const constructor = type.node.members.find(
        (one): one is ts.ConstructorDeclaration => ts.isConstructorDeclaration(one) && one.body !== undefined,
      );
      return (constructor?.parameters ?? []).map((parameter): Injected => {
        const token = ts.getDecorators(parameter)?.[0];
        const name =
          parameter.type && ts.isTypeReferenceNode(parameter.type) && ts.isIdentifier(parameter.type.typeName)
            ? parameter.type.typeName
            : undefined;
        return {
          type,
          isNest: names(type.node).some((one) => NEST.test(one)),
          parameter,
          token,
          name,
          declared: name && declarationOf(name.text, name),
        };
      });
    });
}

function names(node: ts.ClassLikeDeclaration): readonly string[] {
  return (ts.canHaveDecorators(node) ? (ts.getDecorators(node) ?? []) : []).map(nameOf);
}

function nameOf({ expression }: ts.Decorator): string {
  const callee = ts.isCallExpression(expression) ? expression.expression : expression;
  return callee.getText().split('.').at(-1) ?? '';
}

/** The import is erased: `import type { A }` or `import { type A }`. */
export function isTypeOnly(node: ts.Node): boolean {
  if (ts.isImportSpecifier(node)) return node.isTypeOnly || node.parent.parent.phaseModifier === ts.SyntaxKind.TypeKeyword;
  return ts.isImportClause(node) && node.phaseModifier === ts.SyntaxKind.TypeKeyword;
}

import { ts } from '../port.js';
import { localOrTyped } from './declared.js';
import type { Rule } from '../rule.js';
import { injectedIn } from './injection.js';

export const notResolvable: Rule = {
  id: 'not-resolvable',
  family: 'wiring',
  preset: 'recommended',
  level: 'error',
  scope: 'file',
  summary: 'What is injected by its type is a class.',
  why: 'An interface, a type alias or a string does not exist when the program runs: the container has nothing to go by, and the class cannot be made, also not to take up a run after a crash.',
  wrong: `
interface Clock { now(): number }
@singleton()
class Orders {
  constructor(private readonly clock: Clock) {}
  @Saga({ id: (order: Order) => order.id })
  async place(order: Order) {
    await run().sleep('1s');
  }
}`,
  right: `
interface Clock { now(): number }
@singleton()
class Orders {
  constructor(@inject('Clock') private readonly clock: Clock) {}
  @Saga({ id: (order: Order) => order.id })
  async place(order: Order) {
    await run().sleep('1s');
  }
}`,
  unless: 'Parameters with a default value are not reported.',
  check({ unit, checker, report }) {
    for (const { type, parameter, token, name, declared } of injectedIn(unit)) {
      if (token || parameter.initializer || parameter.questionToken) continue;
      const what = parameter.type ? kindOf(parameter.type, name && localOrTyped(name, declared, checker)) : 'nothing: it has no type';
      if (!what) continue;
      report({
        at: parameter,
        message: `${type.name} takes ${what} as ${parameter.name.getText()}, which no container can find by its type`,
        help: ["name a token: @inject('Name') or @inject(TOKEN)"],
      });
    }
  },
};

function kindOf(type: ts.TypeNode, declared: ts.Node | undefined): string | undefined {
  if (ts.isTypeReferenceNode(type)) {
    if (!declared) return undefined;
    if (ts.isInterfaceDeclaration(declared)) return `the interface ${type.getText()}`;
    return ts.isTypeAliasDeclaration(declared) ? `the type ${type.getText()}` : undefined;
  }
  const isPlain = [
    ts.SyntaxKind.StringKeyword,
    ts.SyntaxKind.NumberKeyword,
    ts.SyntaxKind.BooleanKeyword,
    ts.SyntaxKind.UnknownKeyword,
  ].includes(type.kind);
  if (isPlain) return `a ${type.getText()}`;
  return ts.isFunctionTypeNode(type) || ts.isTypeLiteralNode(type) || ts.isUnionTypeNode(type)
    ? `${type.getText().replace(/\s+/g, ' ')}`
    : undefined;
}

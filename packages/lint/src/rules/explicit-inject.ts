import { ts } from '../port.js';
import type { Rule } from '../rule.js';
import { injectedIn, isTypeOnly } from './injection.js';

export const explicitInject: Rule = {
  id: 'explicit-inject',
  family: 'wiring',
  preset: 'recommended',
  level: 'warning',
  scope: 'file',
  summary: 'Constructor parameters say what is injected: `@inject(Token)`.',
  why: 'Without it the container goes by the type of the parameter, which only some runners write into the program: with tsx, with esbuild and with some versions of vitest the parameter is undefined, and the first call fails.',
  wrong: `
@singleton()
class Orders {
  constructor(private readonly stock: Stock) {}
  @Saga({ id: (order: Order) => order.id })
  async place(order: Order) {
    await run().sleep('1s');
  }
}`,
  right: `
@singleton()
class Orders {
  constructor(@inject(Stock) private readonly stock: Stock) {}
  @Saga({ id: (order: Order) => order.id })
  async place(order: Order) {
    await run().sleep('1s');
  }
}`,
  unless: 'When the application is only ever built by tsc or swc with emitDecoratorMetadata. Classes of NestJS are not reported.',
  check({ unit, report }) {
    for (const { type, isNest, parameter, token, name, declared } of injectedIn(unit)) {
      if (
        isNest ||
        token ||
        !name ||
        !declared ||
        isTypeOnly(declared) ||
        ts.isInterfaceDeclaration(declared) ||
        ts.isTypeAliasDeclaration(declared)
      )
        continue;
      const at = parameter.modifiers?.[0] ?? parameter.name;
      report({
        at: parameter,
        message: `${type.name} takes ${name.text} by its type alone: not every runner keeps it`,
        help: [`write @inject(${name.text}) before it`],
        suggestions: [
          { title: `Add @inject(${name.text})`, edits: [{ start: at.getStart(), end: at.getStart(), text: `@inject(${name.text}) ` }] },
        ],
      });
    }
  },
};

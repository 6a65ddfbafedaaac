import { ts } from '../port.js';
import type { Edit, Rule } from '../rule.js';
import { injectedIn, isTypeOnly } from './injection.js';

export const noImportTypeInjection: Rule = {
  id: 'no-import-type-injection',
  family: 'wiring',
  preset: 'recommended',
  level: 'error',
  scope: 'file',
  summary: 'A class that is injected is not imported by `import type`.',
  why: 'An automatic fix for unused values turned the import into `import type`, which is erased. The parameter has no class any more, the container gives nothing or the wrong thing, and that shows when the first call fails.',
  wrong: `
import { Saga } from '@redress/decorators';
import { singleton } from 'tsyringe';
import type { Stock } from './stock.js';
@singleton()
export class Orders {
  constructor(private readonly stock: Stock) {}
  @Saga({ id: (id: string) => id })
  async place(id: string) {
    return id;
  }
}`,
  right: `
import { Saga } from '@redress/decorators';
import { inject, singleton } from 'tsyringe';
import { Stock } from './stock.js';
@singleton()
export class Orders {
  constructor(@inject(Stock) private readonly stock: Stock) {}
  @Saga({ id: (id: string) => id })
  async place(id: string) {
    return id;
  }
}`,
  unless: 'With an explicit token, such as `@inject(STOCK)`, the type may be imported as a type.',
  check({ unit, report }) {
    for (const { type, parameter, token, name, declared } of injectedIn(unit)) {
      const used = token ? tokenName(token) : name?.text;
      const from = token ? declared && name?.text === used : true;
      if (!used || !from || !name || !declared || !isTypeOnly(declared)) continue;
      report({
        at: parameter,
        message: `${type.name} is injected ${used}, which is imported as a type only: at run time there is no such class`,
        help: [`import { ${used} } as a value`],
        fix: fixOf(declared),
      });
    }
  },
};

/** `Stock` of `@inject(Stock)`. */
function tokenName({ expression }: ts.Decorator): string | undefined {
  const first = ts.isCallExpression(expression) ? expression.arguments[0] : undefined;
  return first && ts.isIdentifier(first) ? first.text : undefined;
}

function fixOf(declared: ts.Node): readonly Edit[] {
  if (ts.isImportSpecifier(declared) && declared.isTypeOnly) {
    return [{ start: declared.getStart(), end: (declared.propertyName ?? declared.name).getStart(), text: '' }];
  }
  const clause = ts.isImportClause(declared) ? declared : ts.isImportSpecifier(declared) ? declared.parent.parent : undefined;
  if (!clause || clause.phaseModifier !== ts.SyntaxKind.TypeKeyword) return [];
  const bindings = clause.namedBindings;
  // Of several names only this one becomes a value: the others may be interfaces, which cannot.
  if (bindings && ts.isNamedImports(bindings) && bindings.elements.length > 1) {
    const others = bindings.elements.filter((one) => one !== declared);
    const start = clause.getStart();
    const rest = others.map((one) => `type ${one.getText()}`).join(', ');
    return [{ start, end: clause.getEnd(), text: `{ ${declared.getText()}, ${rest} }` }];
  }
  return [{ start: clause.getStart(), end: (clause.name ?? bindings ?? clause).getStart(), text: '' }];
}

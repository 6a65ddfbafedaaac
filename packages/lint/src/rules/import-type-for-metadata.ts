import { ts } from '../port.js';
import { walk } from '../analysis/syntax.js';
import type { Rule } from '../rule.js';
import { isTypeOnly } from './injection.js';
import { localOrTyped } from './declared.js';

export const importTypeForMetadata: Rule = {
  id: 'import-type-for-metadata',
  family: 'wiring',
  preset: 'recommended',
  level: 'error',
  scope: 'project',
  summary: 'An interface in the signature of a decorated method is imported by `import type`.',
  why: 'With emitDecoratorMetadata the types of a decorated signature are written into the program as values. An interface that is imported like a value is then asked for at run time, and the module does not load: "does not provide an export named …".',
  wrong: `
import { Step } from '@redress/decorators';
import { Order } from './order.js';
export class Mail {
  @Step({ irreversible: 'a mail stays sent' })
  async send(order: Order) {
    return order.id;
  }
}`,
  right: `
import { Step } from '@redress/decorators';
import type { Order } from './order.js';
export class Mail {
  @Step({ irreversible: 'a mail stays sent' })
  async send(order: Order) {
    return order.id;
  }
}`,
  unless: 'Only code that is compiled with emitDecoratorMetadata is looked at.',
  check({ unit, checker, emitsMetadata, report }) {
    if (!checker || !emitsMetadata) return;
    const said = new Set<ts.Node>();
    for (const { marked } of unit.classes) {
      for (const { node } of marked) {
        for (const type of [...node.parameters.map((one) => one.type), node.type]) {
          const name = type && ts.isTypeReferenceNode(type) && ts.isIdentifier(type.typeName) ? type.typeName : undefined;
          const specifier = name && specifierOf(name, unit.source);
          if (!name || !specifier || said.has(specifier) || isTypeOnly(specifier)) continue;
          const declared = localOrTyped(name, undefined, checker);
          if (!declared || (!ts.isInterfaceDeclaration(declared) && !ts.isTypeAliasDeclaration(declared))) continue;
          said.add(specifier);
          report({
            at: specifier,
            message: `${name.text} is a type in a decorated signature and imported like a value: at run time there is none`,
            help: [`import { type ${name.text} }`],
            fix: [{ start: specifier.getStart(), end: specifier.getStart(), text: 'type ' }],
          });
        }
      }
    }
  },
};

function specifierOf(name: ts.Identifier, source: ts.SourceFile): ts.ImportSpecifier | undefined {
  let found: ts.ImportSpecifier | undefined;
  for (const statement of source.statements.filter(ts.isImportDeclaration)) {
    walk(statement, (node) => {
      if (ts.isImportSpecifier(node) && node.name.text === name.text) found = node;
    });
  }
  return found;
}

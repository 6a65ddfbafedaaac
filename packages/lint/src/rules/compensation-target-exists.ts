import { ts } from '../port.js';
import { handlersOf } from '../analysis/compensation.js';
import type { Rule } from '../rule.js';

export const compensationTargetExists: Rule = {
  id: 'compensation-target-exists',
  family: 'compensation',
  preset: 'recommended',
  level: 'error',
  scope: 'file',
  summary: 'The handler named by `@Compensate` is a method of the class.',
  why: 'An undo is called by name, perhaps by another process and weeks later. A field, a static method, an accessor or a `#private` one has no such name on the prototype: the application does not start, or, without types, the undo is found missing when it is needed.',
  wrong: `
class Stock {
  @Compensate((s: any) => s.relaese)
  async reserve(sku: string) {
    return warehouse.reserve(sku, { idempotencyKey: step().key });
  }
  async release(undo: Undo<Stock, 'reserve'>) {
    await warehouse.releaseByKey(undo.forwardKey);
  }
}`,
  right: `
class Stock {
  @Compensate((s: Stock) => s.release, { total: true })
  async reserve(sku: string) {
    return warehouse.reserve(sku, { idempotencyKey: step().key });
  }
  async release(undo: Undo<Stock, 'reserve'>) {
    await warehouse.releaseByKey(undo.forwardKey);
  }
}`,
  unless: 'Handlers that a mixin adds at run time cannot be seen.',
  check({ unit, checker, report }) {
    for (const { step, reference, name, state, member } of handlersOf(unit, checker)) {
      if (step.isPlain) continue;
      const wrong = state === 'missing' ? 'which its class does not have' : member && faultOf(member);
      if (!wrong) continue;
      report({
        at: reference,
        subject: step,
        message: `${step.label} is undone by ${name}, ${wrong}`,
        help: [`write async ${name}(undo: Undo<${step.className}, '${step.method}'>) as a method of ${step.className}`],
      });
    }
  },
};

function faultOf(member: ts.Node): string | undefined {
  if (ts.isGetAccessor(member) || ts.isSetAccessor(member)) return 'an accessor: the undo is called by name, so it must be a method';
  if (ts.isPropertyDeclaration(member) || ts.isParameter(member)) return 'a field: it is not on the prototype, where the undo is looked up';
  if (!ts.isMethodDeclaration(member)) return undefined;
  if (ts.isPrivateIdentifier(member.name)) return 'a #private method: it has no name to look up';
  const isStatic = member.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.StaticKeyword);
  return isStatic ? 'a static method: the undo is called on the object' : undefined;
}

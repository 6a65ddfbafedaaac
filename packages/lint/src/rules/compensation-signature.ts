import { ts } from '../port.js';
import { handlersOf } from '../analysis/compensation.js';
import type { Handler } from '../analysis/compensation.js';
import type { Rule } from '../rule.js';

export const compensationSignature: Rule = {
  id: 'compensation-signature',
  family: 'compensation',
  preset: 'recommended',
  level: 'error',
  scope: 'file',
  summary: 'The handler takes one argument: the `Undo` of the step that it undoes.',
  why: 'An undo is given the arguments, the result and the keys of one call in one object. A handler that expects the arguments of the step itself, or the facts of another step, gets something else than it was written for; an untyped one hides that the result may be unknown.',
  wrong: `
class Payments {
  @Compensate((p: any) => p.refund)
  async charge(orderId: string, cents: number) {
    return bank.charge(orderId, cents, { idempotencyKey: step().key });
  }
  async refund(orderId: string, cents: number) {
    await bank.refund(orderId, cents);
  }
}`,
  right: `
class Payments {
  @Compensate((p: Payments) => p.refund, { total: true })
  async charge(orderId: string, cents: number) {
    return bank.charge(orderId, cents, { idempotencyKey: step().key });
  }
  async refund(undo: Undo<Payments, 'charge'>) {
    await bank.cancelByKey(undo.forwardKey, { idempotencyKey: undo.key });
  }
}`,
  unless: 'The compiler says the same where the reference is typed: then this rule only repeats it.',
  check({ unit, checker, report }) {
    const handlers = handlersOf(unit, checker);
    const wanted = new Map<ts.Node, Handler[]>();
    for (const one of handlers) if (one.fn && !one.step.isPlain) wanted.set(one.fn, [...(wanted.get(one.fn) ?? []), one]);
    for (const [, [first, ...others]] of wanted) {
      if (!first?.fn) continue;
      const parameters = first.fn.parameters.filter((one) => one.name.getText() !== 'this');
      const fault = faultOf(parameters, [first, ...others]);
      if (!fault) continue;
      report({
        at: parameters[0] ?? first.fn.name ?? first.fn,
        subject: first.step,
        message: `${first.step.className}.${first.name} undoes ${first.step.label} and ${fault}`,
        help: [`async ${first.name}(undo: Undo<${first.step.className}, '${first.step.method}'>)`],
      });
    }
  },
};

function faultOf(parameters: readonly ts.ParameterDeclaration[], handlers: readonly Handler[]): string | undefined {
  const [first, second] = parameters;
  if (!first) return undefined;
  if (second && !second.questionToken && !second.initializer && !second.dotDotDotToken) {
    return `takes ${parameters.length} arguments: an undo is given one, with all that is known of the call`;
  }
  if (!first.type) return handlers.some(({ step }) => step.isPlain) ? undefined : 'does not say the type of its argument';
  const { type } = first;
  if (type.kind === ts.SyntaxKind.AnyKeyword) return 'takes any: it would not notice that the result may be unknown';
  if (isPrimitive(type)) return `takes ${type.getText()}: an undo is given one object, with all that is known of the call`;
  if (!ts.isTypeReferenceNode(type) || type.typeName.getText() !== 'Undo') return undefined;
  const [owner, method] = type.typeArguments ?? [];
  if (!owner || !method || !ts.isLiteralTypeNode(method) || !ts.isStringLiteral(method.literal)) return undefined;
  const named = method.literal.text;
  const fits = handlers.some(({ step }) => step.method === named);
  return fits ? undefined : `takes the Undo of ${owner.getText()}.${named}`;
}

function isPrimitive(type: ts.TypeNode): boolean {
  return [ts.SyntaxKind.StringKeyword, ts.SyntaxKind.NumberKeyword, ts.SyntaxKind.BooleanKeyword, ts.SyntaxKind.BigIntKeyword].includes(
    type.kind,
  );
}

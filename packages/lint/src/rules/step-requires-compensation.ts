import { declared, isSaga, isStep } from '../analysis/model.js';
import type { Operation } from '../analysis/model.js';
import type { Reached } from '../analysis/reach.js';
import { unmarkedEffects } from '../analysis/unmarked.js';
import { classAround } from '../analysis/syntax.js';
import type { Function } from '../analysis/syntax.js';
import { ts } from '../port.js';
import type { Context, Rule, Suggestion } from '../rule.js';
import { stubFor } from '../stub.js';

export const stepRequiresCompensation: Rule = {
  id: 'step-requires-compensation',
  family: 'compensation',
  preset: 'recommended',
  level: 'error',
  scope: 'file',
  summary: 'Each step says how it is undone, that it changes nothing, or why it cannot be undone.',
  why: 'When a later step fails, the run goes backward over what was done. A step that changes something and says nothing of its way back leaves the change behind, and nobody learns of it. The same holds for a method that a saga calls, that has an effect, and that is no step at all: it is done again with each replay, and never undone.',
  wrong: `
class Payments {
  @Step()
  async charge(orderId: string, cents: number) {
    return bank.charge(orderId, cents, { idempotencyKey: step().key });
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

  @Step({ readOnly: true })
  async balance(account: string) {
    return bank.balance(account);
  }

  @Step({ irreversible: 'a letter that has left cannot be called back' })
  async sendReceipt(orderId: string) {
    return bank.receipt(orderId, { idempotencyKey: step().key });
  }
}`,
  unless: 'Never: say `irreversible` with the reason, which operators see beside the run.',
  check(context) {
    for (const step of context.unit.operations.filter(isStep)) {
      if (declared(step) === 'undeclared' && !step.isPlain) reportStep(context, step);
    }
    const said = new Set<Function>();
    for (const saga of context.unit.operations.filter(isSaga)) {
      for (const { method, reached } of unmarkedEffects(saga, context.reach)) {
        if (!said.has(method)) reportMethod(context, saga, method, reached);
        said.add(method);
      }
    }
  },
};

function reportStep(context: Context, step: Operation): void {
  const reached = context.reach.from(step.fn).find(({ kind }) => kind === 'write');
  const effect = reached ? ` and reaches an effect: ${context.reach.chain(step.method, reached)}` : '';
  context.report({
    at: step.name,
    of: step.declaration,
    subject: step,
    message: `${step.label} is a step${effect}${reached ? ', and' : ' and'} does not say how it is undone`,
    help: help(context, step.className, context.unit.path),
    through: files(reached),
    suggestions: suggestions(step),
  });
}

function reportMethod(context: Context, saga: Operation, method: Function, reached: Reached): void {
  const owner = classAround(method)?.name?.text ?? '';
  const name = method.name?.getText() ?? '';
  const at = reached.hops.findIndex(({ fn }) => fn === method);
  const chain = context.reach.chain(name, { ...reached, hops: reached.hops.slice(at + 1) });
  context.report({
    at: method.name ?? method,
    of: method,
    message: `${owner}.${name} is called by saga ${saga.label} and reaches an effect: ${chain}`,
    help: help(context, owner, method.getSourceFile().fileName),
    through: [context.unit.path, ...files(reached)],
    subject: { ...saga, className: owner, method: name },
    suggestions: stubFor({ className: owner, method: name, fn: method, marks: [] }),
  });
}

function help(context: Context, className: string, path: string): readonly string[] {
  const variable = (/[A-Za-z]/.exec(className)?.[0] ?? 's').toLowerCase();
  return [
    `add @Compensate((${variable}: ${className}) => ${variable}.…), or @Step({ readOnly: true }), or @Step({ irreversible: '<why>' })`,
    `redress lint --write-stubs ${quoted(context.display(path))}`,
  ];
}

const quoted = (path: string): string => (/\s/.test(path) ? `"${path}"` : path);

function files(reached: Reached | undefined): readonly string[] {
  return reached?.hops.map(({ call }) => call.getSourceFile().fileName) ?? [];
}

function suggestions(step: Operation): readonly Suggestion[] {
  const mark = step.marks.find(({ name }) => name === 'Step');
  const call = mark && ts.isDecorator(mark.node) && ts.isCallExpression(mark.node.expression) ? mark.node.expression : undefined;
  if (!call || call.arguments.length > 0) return [];
  const at = { start: call.getEnd() - 1, end: call.getEnd() - 1 };
  return [
    ...stubFor(step),
    { title: 'It changes nothing: say readOnly', edits: [{ ...at, text: '{ readOnly: true }' }] },
    { title: 'It cannot be undone: say irreversible', edits: [{ ...at, text: "{ irreversible: '<why>' }" }] },
  ];
}

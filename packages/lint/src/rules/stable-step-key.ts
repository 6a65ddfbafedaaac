import { ts } from '../port.js';
import { mark, optionOf } from '../analysis/model.js';
import type { Operation } from '../analysis/model.js';
import { find } from '../analysis/syntax.js';
import type { Context, Rule } from '../rule.js';

export const stableStepKey: Rule = {
  id: 'stable-step-key',
  family: 'saga body',
  preset: 'recommended',
  level: 'error',
  scope: 'file',
  summary: 'Names of operations are literal and used once, and ids of runs come from the input.',
  why: 'Names and ids are in the journal and in the keys that the outside has seen. An id made of chance or of the time gives each retry of the caller a run of its own; a name that is made up at start-up, or used twice, leads an undo to the wrong method.',
  wrong: `
import { randomUUID } from 'node:crypto';
class Orders {
  @Saga({ id: (order: Order) => randomUUID() })
  async place(order: Order) {
    await run().sleep('1s');
  }
}`,
  right: `
class Orders {
  @Saga({ id: (order: Order) => order.id })
  async place(order: Order) {
    await run().sleep('1s');
  }
}`,
  unless:
    'Sagas without `id` get a random one: that is said openly, and not reported. Equal names in two files may belong to two applications: they are compared at start-up.',
  check(context) {
    for (const operation of context.unit.operations) {
      unstableId(context, operation);
      unstableName(context, operation);
    }
  },
};

function unstableId({ resolver, classify, report }: Context, operation: Operation): void {
  const id = optionOf(operation, 'Saga', 'id');
  if (!id || !ts.isFunctionLike(id)) return;
  const at = find(id, (node) => {
    if (!ts.isCallExpression(node) && !ts.isNewExpression(node)) return false;
    return resolver.targets(node).some((one) => one.kind !== 'code' && classify(one, node) === 'random');
  });
  if (!at) return;
  report({
    at,
    subject: operation,
    message: `the id of ${operation.label} is another one with each call: a caller that asks again would start a second run`,
    help: ['take it from the arguments, such as (order) => order.id'],
  });
}

function unstableName({ unit, report }: Context, operation: Operation): void {
  const type = mark(operation, 'Saga') ? 'Saga' : 'Step';
  const name = operation.isPlain ? (operation.name as ts.Expression) : optionOf(operation, type, 'name');
  if (name && ts.isTemplateExpression(name)) {
    report({
      at: name,
      subject: operation,
      message: `the name of ${operation.label} is made up at start-up: journals would not find it again`,
      help: ['write it as a literal'],
    });
  }
  const own = nameOf(operation);
  const twin = own === undefined ? undefined : unit.operations.find((one) => one.fn !== operation.fn && nameOf(one) === own);
  if (!twin || twin.declaration.pos > operation.declaration.pos) return;
  report({
    at: name ?? operation.name,
    subject: operation,
    message: `${operation.label} and ${twin.label} have the same name ${own}`,
    help: [`give one of them another name: @${type}({ name: '…' })`],
  });
}

/** Names that were chosen; two classes of one name may belong to two applications. */
function nameOf(operation: Operation): string | undefined {
  const name = optionOf(operation, mark(operation, 'Saga') ? 'Saga' : 'Step', 'name');
  return name && ts.isStringLiteralLike(name) ? name.text : undefined;
}

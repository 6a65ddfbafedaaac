import { ts } from '../port.js';
import { isSaga, isStep, mark, optionOf } from '../analysis/model.js';
import type { Operation } from '../analysis/model.js';
import { millisecondsOf, numberOf } from '../analysis/options.js';
import type { Rule } from '../rule.js';

export const retryFitsDeadline: Rule = {
  id: 'retry-fits-deadline',
  family: 'pivot and policy',
  preset: 'strict',
  level: 'warning',
  scope: 'file',
  summary: 'The attempts of all steps together fit into the deadline of their saga.',
  why: 'A saga with a deadline of a minute, whose step may try ten times for thirty seconds each, is undone at its deadline in the middle of its attempts: the later ones are never made, and the effort is lost.',
  wrong: `
class Orders {
  @Saga({ id: (order: Order) => order.id, deadline: '1m' })
  async place(order: Order) {
    await this.check(order);
  }
  @Timeout('30s')
  @Retry({ maxRetries: 9 })
  @Step({ readOnly: true })
  async check(order: Order) {
    return bank.check(order.id);
  }
}`,
  right: `
class Orders {
  @Saga({ id: (order: Order) => order.id, deadline: '10m' })
  async place(order: Order) {
    await this.check(order);
  }
  @Timeout('30s')
  @Retry({ maxRetries: 9 })
  @Step({ readOnly: true })
  async check(order: Order) {
    return bank.check(order.id);
  }
}`,
  unless: 'It adds up the worst case, pauses left out; steps that run at the same time are added too.',
  check({ unit, reach, report }) {
    for (const saga of unit.operations.filter(isSaga)) {
      const deadline = millisecondsOf(optionOf(saga, 'Saga', 'deadline'));
      if (deadline === undefined) continue;
      const steps = new Set(reach.operations(saga.fn).map(({ operation }) => operation));
      const worst = [...steps].filter(isStep).reduce((sum, step) => sum + worstOf(step), 0);
      if (worst <= deadline) continue;
      report({
        at: saga.name,
        of: saga.declaration,
        subject: saga,
        message: `the attempts of the steps of ${saga.label} may take ${seconds(worst)}, and its deadline is ${seconds(deadline)}`,
        help: ['raise the deadline, or lower maxRetries and the time limits'],
      });
    }
  },
};

function worstOf(step: Operation): number {
  const limit = mark(step, 'Timeout');
  const first = limit?.args[0];
  const perAttempt = millisecondsOf(first && !ts.isObjectLiteralExpression(first) ? first : limit?.options.get('value')) ?? 0;
  const retry = mark(step, 'Retry');
  const given = retry?.args[0];
  const retries = !retry ? 0 : (numberOf(given) ?? numberOf(retry.options.get('maxRetries')) ?? 3);
  return perAttempt * (retries + 1);
}

function seconds(ms: number): string {
  return `${ms / 1000} s`;
}

import { ts } from '../port.js';
import { isPivot, isSaga, isStep, optionOf } from '../analysis/model.js';
import { afterPivot } from '../analysis/order.js';
import type { Rule } from '../rule.js';

export const repeatableAfterPivot: Rule = {
  id: 'repeatable-after-pivot',
  family: 'pivot and policy',
  preset: 'recommended',
  level: 'error',
  scope: 'file',
  summary: 'A step after the pivot can be repeated until it succeeds, and refuses nothing.',
  why: 'Past the pivot a run only goes forward. A step there that must not be repeated, or that may answer "no", leaves it stuck: it cannot go on and cannot go back.',
  wrong: `
class Orders {
  @Saga({ id: (order: Order) => order.id })
  async place(order: Order) {
    await this.capture(order);
    await this.tell(order);
  }
  @Step({ pivot: true, irreversible: 'the money is gone' })
  async capture(order: Order) {
    await bank.capture(order.id, { idempotencyKey: step().key });
  }
  @Step({ repeatable: false, irreversible: 'told is told', probe: (o: Orders) => o.wasTold })
  async tell(order: Order) {
    await mailer.send(order.id, { idempotencyKey: step().key });
  }
  async wasTold(asked: Probe) {
    return { outcome: 'refused' } as const;
  }
}`,
  right: `
class Orders {
  @Saga({ id: (order: Order) => order.id })
  async place(order: Order) {
    await this.capture(order);
    await this.tell(order);
  }
  @Step({ pivot: true, irreversible: 'the money is gone' })
  async capture(order: Order) {
    await bank.capture(order.id, { idempotencyKey: step().key });
  }
  @Step({ irreversible: 'told is told' })
  async tell(order: Order) {
    await mailer.send(order.id, { idempotencyKey: step().key });
  }
}`,
  unless: 'When a person is to look at it each time: then `repeatable: false` past the pivot says just that.',
  check({ unit, reach, report }) {
    for (const saga of unit.operations.filter(isSaga)) {
      const said = new Set<unknown>();
      for (const { pivot, later } of afterPivot(saga, reach)) {
        const step = later.operation;
        if (!isStep(step) || isPivot(step) || said.has(step)) continue;
        const refused = optionOf(step, 'Step', 'refusedOn');
        const once = optionOf(step, 'Step', 'repeatable')?.kind === ts.SyntaxKind.FalseKeyword;
        const refuses = refused !== undefined && ts.isArrayLiteralExpression(refused) && refused.elements.length > 0;
        if (!once && !refuses) continue;
        said.add(step);
        report({
          at: later.call,
          subject: saga,
          message: `${saga.label} calls ${step.label} after its pivot ${pivot.operation.label}, and it ${once ? 'must not be repeated' : 'may refuse'}: the run would be stuck`,
          help: [
            `call it before the pivot, or ${once ? 'forward step().key and let it be repeatable' : 'let it accept what the pivot has decided'}`,
          ],
          through: later.hops.map(({ call }) => call.getSourceFile().fileName),
        });
      }
    }
  },
};

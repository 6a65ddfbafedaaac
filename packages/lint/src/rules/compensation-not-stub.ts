import { ts } from '../port.js';
import { undoBodies } from '../analysis/compensation.js';
import { isLogging } from '../analysis/logging.js';
import type { Function } from '../analysis/syntax.js';
import type { Rule } from '../rule.js';

export const compensationNotStub: Rule = {
  id: 'compensation-not-stub',
  family: 'compensation',
  preset: 'recommended',
  level: 'error',
  scope: 'file',
  summary: 'The body of an undo does something.',
  why: 'An empty undo, or one that only writes a line to a log, is recorded as done: the run ends as compensated and the money is gone. One that throws leaves each run stuck that comes to it.',
  wrong: `
class Mail {
  @Compensate((m: Mail) => m.unsend)
  async send(to: string) {
    await mailer.send(to, { idempotencyKey: step().key });
  }
  async unsend(undo: Undo<Mail, 'send'>) {
    console.warn('TODO');
  }
}`,
  right: `
class Mail {
  @Step({ irreversible: 'a mail that is sent stays sent' })
  async send(to: string) {
    await mailer.send(to, { idempotencyKey: step().key });
  }
}`,
  unless: 'Never: when there is nothing to undo, say so with `readOnly` or `irreversible`.',
  check({ unit, checker, report }) {
    for (const { fn, step, name } of undoBodies(unit, checker)) {
      const fault = faultOf(fn);
      if (!fault) continue;
      report({
        at: fn.name ?? fn,
        of: fn,
        subject: step,
        message: `${name || 'the undo'} ${fault}, so ${step.label} is not undone`,
        help: ["write it, or say @Step({ irreversible: '<why>' }) instead of @Compensate"],
      });
    }
  },
};

function faultOf({ body }: Function): string | undefined {
  if (!ts.isBlock(body)) return isNothing(body) ? 'does nothing' : undefined;
  const statements = body.statements.filter((one) => !ts.isEmptyStatement(one));
  if (statements.length === 0) return 'is empty';
  const rest = statements.filter((one) => !isLog(one) && !isEmptyReturn(one));
  if (rest.length === 0) return statements.some(isLog) ? 'only writes to a log' : 'does nothing';
  const [first] = rest;
  return rest.length === 1 && first && ts.isThrowStatement(first) && isNotWritten(first) ? 'is not written yet' : undefined;
}

function isLog(one: ts.Statement): boolean {
  if (!ts.isExpressionStatement(one)) return false;
  const call = ts.isAwaitExpression(one.expression) ? one.expression.expression : one.expression;
  return ts.isCallExpression(call) && isLogging(call);
}

function isEmptyReturn(one: ts.Statement): boolean {
  return ts.isReturnStatement(one) && (!one.expression || isNothing(one.expression));
}

function isNothing(node: ts.Expression): boolean {
  return ['undefined', 'null', 'void 0', 'Promise.resolve()', 'true'].includes(node.getText());
}

function isNotWritten({ expression }: ts.ThrowStatement): boolean {
  return /not\W*(yet\W*)?implemented|notimplemented|todo|not\W*written|unimplemented/i.test(expression.getText());
}

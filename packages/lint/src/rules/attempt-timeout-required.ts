import { ts } from '../port.js';
import { isStep, mark } from '../analysis/model.js';
import type { Reached } from '../analysis/reach.js';
import { has } from '../analysis/syntax.js';
import type { Context, Rule } from '../rule.js';

export const attemptTimeoutRequired: Rule = {
  id: 'attempt-timeout-required',
  family: 'pivot and policy',
  preset: 'recommended',
  level: 'warning',
  scope: 'file',
  summary: 'A step that calls over the network has a time limit.',
  why: 'A server that takes the call and never answers holds the step, and with it the run, for as long as the process lives: it keeps its lease, so nobody else takes over. With `@Timeout` the attempt ends as unknown, and is repeated or undone.',
  wrong: `
class Payments {
  @Step({ irreversible: 'charged is charged' })
  async charge(orderId: string) {
    await fetch(url, { method: 'POST', body: orderId, headers: { 'Idempotency-Key': step().key } });
  }
}`,
  right: `
class Payments {
  @Timeout('10s')
  @Step({ irreversible: 'charged is charged' })
  async charge(orderId: string) {
    await fetch(url, { method: 'POST', body: orderId, headers: { 'Idempotency-Key': step().key }, signal: step().signal });
  }
}`,
  unless: 'Where the client has a limit of its own: a call that says `timeout` or `AbortSignal.timeout` is not reported.',
  check({ unit, reach, resolver, report }) {
    for (const step of unit.operations.filter(isStep)) {
      if (mark(step, 'Timeout') || step.isPlain || has(step.fn, saysTimeout)) continue;
      const call = reach.from(step.fn).find((one) => one.kind !== 'random' && isRemote(one, resolver) && !isLimited(one));
      if (!call) continue;
      report({
        at: step.name,
        of: step.declaration,
        subject: step,
        message: `${step.label} calls over the network without a time limit: ${reach.chain(step.method, call)}`,
        help: ["add @Timeout('10s'), and give step().signal to the call"],
        through: call.hops.map((hop) => hop.call.getSourceFile().fileName),
      });
    }
  },
};

const REMOTE = /^(axios|got|ky|superagent|needle|undici|node-fetch|https?|stripe|@aws-sdk\/.*|aws-sdk|nodemailer|@sendgrid\/mail|twilio)$/;

function isRemote({ call }: Reached, resolver: Context['resolver']): boolean {
  const targets = ts.isCallExpression(call) || ts.isNewExpression(call) ? resolver.targets(call) : [];
  return targets.some((one) => (one.kind === 'global' ? one.name === 'fetch' : one.kind === 'foreign' && REMOTE.test(one.module)));
}

/** A call on the way says a limit, or the file that makes the client does. */
function isLimited({ call, hops }: Reached): boolean {
  const source = call.getSourceFile();
  return hops.some((hop) => has(hop.call, saysTimeout)) || (!ts.isIdentifier(calleeOf(call)) && has(source, saysTimeout));
}

const calleeOf = (call: ts.Node): ts.Node => (ts.isCallExpression(call) ? call.expression : call);

function saysTimeout(node: ts.Node): boolean {
  return ts.isIdentifier(node) && /^(timeout|timeoutMs|setTimeout|AbortSignal|requestTimeout)$/.test(node.text);
}

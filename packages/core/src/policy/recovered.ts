import type { Environment } from '../base/environment.js';
import type { Call } from '../base/interceptor.js';
import { currentScope, runInScope } from '../base/scope.js';
import { begin, isOwned, rootOf, setArgs } from './call.js';
import type { Body, Chain, Running } from './call.js';
import type { Detector } from './detector.js';
import { keepAnswer } from './info.js';
import { Recovery } from './recovering.js';
import type { Recovering } from './recovering.js';
import { BAD_RESULT, budgetOf, isGood, Repetition, startMoment } from './repeat.js';
import { retryPolicy } from './retry-policy.js';
import type { RetryPolicy } from './retry-policy.js';
import { ABORT } from './rules.js';
import type { RecoveryPlan, RetryRule, Rule } from './rules.js';

/** The parts of a chain that are one loop, with one number of attempts. */
export interface RecoveryParts {
  readonly recover?: RecoveryPlan;
  readonly repair?: RecoveryPlan;
  readonly retry?: RetryPolicy;
  readonly detect?: Detector;
}

/** One attempt, whose time-out is so many times as long. */
export type Attempt = (factor: number) => Chain;

/** The loop of repetitions and repairs: what a failure leads to is decided by rules, those of a table first. */
export function recovered(parts: RecoveryParts, one: Attempt, environmentOf: (call: Call) => Environment): Chain {
  const { recover, repair, retry, detect } = parts;
  const rules: readonly Rule[] = [
    ...(recover?.rules ?? []),
    ...(repair?.rules ?? []),
    ...(retry ? [{ action: 'retry' as const, on: undefined, policy: retry, multiplier: 1 }] : []),
    recover?.otherwise ?? ABORT,
  ];
  const retries = rules.filter((rule): rule is RetryRule => rule.action === 'retry');
  const policy = retry ?? retries[0]?.policy ?? NONE;
  const common: Recovering = { rules, limit: retry?.maxRetries ?? limitOf(rules), repeats: retries.length > 0, detector: detect };
  const by = {};

  const loop = async (call: Call, body: Body): Promise<unknown> => {
    const environment = environmentOf(call);
    const startedAt = environment.clock.monotonic();
    const isWithin = isOwned();
    const owns = common.repeats || isWithin;
    const budget = common.repeats ? budgetOf(policy, environment, call.operation) : undefined;
    budget?.begin(startedAt);
    const repetition = new Repetition(policy, environment, budget, startedAt, isWithin, by, startMoment());
    const recovery = new Recovery(common, call, environment, repetition);
    const given = call.args;
    try {
      for (let isFirst = true; ; isFirst = false) {
        let failure: unknown;
        try {
          const attempt = (): Promise<unknown> => one(recovery.factor)(call, body);
          const value = await (isFirst ? first(call, attempt, owns) : further(call, attempt, owns, common.repeats));
          if (!retry?.retryOnResult || isGood(retry, value)) {
            repetition.close(true);
            if (!isFirst) note(call, value, recovery);
            return value;
          }
          repetition.value = value;
          failure = BAD_RESULT;
        } catch (error) {
          failure = error;
        }
        const handled = await recovery.handle(failure);
        if ('error' in handled) throw handled.error;
        if ('value' in handled) {
          note(call, handled.value, recovery);
          return handled.value;
        }
        rootOf(call).attempt += 1;
      }
    } finally {
      // Whoever answers in its place is given what the caller gave.
      if (call.args !== given) setArgs(call, given);
    }
  };
  return loop;
}

/** One number of attempts, and not one for each rule. */
const limitOf = (rules: readonly Rule[]): number => Math.max(0, ...rules.map(repetitionsOf));

function repetitionsOf(rule: Rule): number {
  if (rule.action === 'retry') return rule.policy.maxRetries;
  return rule.action === 'repair' && rule.then === 'retry' ? rule.maxRepairs : 0;
}

const NONE = retryPolicy('repair', { maxRetries: 0, budget: false });

function note(call: Call, value: unknown, { repetition, info }: Recovery): void {
  keepAnswer(value, rootOf(call).told, { ...repetition.info, ...info });
}

// The call itself begins with its body, and not with this loop.
const runningOf = (call: Call): Running => ({
  get signal() {
    return call.signal;
  },
});

const first = (call: Call, attempt: () => Promise<unknown>, owns: boolean): Promise<unknown> => begin(runningOf(call), attempt, owns);

function further(call: Call, attempt: () => Promise<unknown>, owns: boolean, repeats: boolean): Promise<unknown> {
  const run = (): Promise<unknown> => begin(runningOf(call), attempt, owns);
  return repeats ? runInScope({ ...currentScope(), repeats: true }, run) : run();
}

import { z } from 'zod';
import type { Environment } from '../base/environment.js';
import { ConfigurationError } from '../base/errors.js';
import type { Matcher } from '../base/failure.js';
import { checkOptions } from '../base/options.js';
import type { FallbackMethod } from './instead.js';
import { policyOf } from './policy.js';
import type { Policy } from './policy.js';
import { repairRule, repairShape } from './repair.js';
import type { RepairHow } from './repair.js';
import { retryPolicy } from './retry-policy.js';
import type { RetryOptions } from './retry-policy.js';

import type { Repairer, Rule } from './rules.js';

type Pauses = 'maxRetries' | 'delay' | 'backoff' | 'factor' | 'maxDelay' | 'jitter' | 'maxDuration' | 'idempotent' | 'nested';

/** What is done about an error. `M`, `R`: what answers in place of the method, and what repairs. */
export type RecoverAction<M = FallbackMethod, R = Repairer> =
  /** Calls again after a pause, as `retry`. `multiplier`: each time the time-out of the attempt is so many times as long. Default: 1. */
  | ({ readonly action: 'retry'; readonly multiplier?: number } & Pick<RetryOptions, Pauses>)
  /** As `repair`. */
  | ({ readonly action: 'repair' } & RepairHow<R>)
  /** Asks somebody else, who is given the arguments and the error. */
  | { readonly action: 'fallback'; readonly method: M }
  /** Answers less than was asked for: a value, or a method that is given the arguments and the error. */
  | { readonly action: 'degrade'; readonly value: unknown }
  | { readonly action: 'degrade'; readonly method: M }
  /** Nothing: the error comes out, and no further rule is asked. */
  | { readonly action: 'abort' };

/** An action, and the errors that it is for. */
export type RecoverRule<M = FallbackMethod, R = Repairer> = RecoverAction<M, R> & { readonly on: Matcher | readonly Matcher[] };

const matcher = z.union([z.string().min(1), z.function()]);
const method = z.function();
// What a pause is made of is checked where all pauses are.
const pauses = Object.fromEntries(
  ['maxRetries', 'delay', 'backoff', 'factor', 'maxDelay', 'jitter', 'maxDuration', 'idempotent', 'nested'].map((name) => [
    name,
    z.unknown().optional(),
  ]),
);
const shapes = {
  retry: { multiplier: z.number().min(1).optional(), ...pauses },
  repair: repairShape,
  fallback: { method },
  degrade: { method: method.optional(), value: z.unknown().optional() },
  abort: {},
} as const;

/** @throws ConfigurationError */
function check(subject: string, given: RecoverAction | RecoverRule, on: z.core.$ZodShape): void {
  checkOptions(subject, z.looseObject({ action: z.enum(Object.keys(shapes) as (keyof typeof shapes)[]) }), given);
  checkOptions(subject, z.strictObject({ action: z.string(), ...on, ...shapes[given.action] }), given);
  if (given.action !== 'degrade' || 'method' in given !== 'value' in given) return;
  throw new ConfigurationError([{ subject, cause: 'It needs one of method and value.', remedy: 'Give that one, and no other.' }]);
}

/**
 * Recovery by kind of error, as one table. The first rule that fits and is not used up is taken; when none is, `otherwise`,
 * whatever the error is. Repetitions and repairs have one number of attempts: that of `retry`, where it stands beside, else
 * the greatest of a rule. `recoveryInfo` tells of a repaired, another's or a degraded answer.
 * @throws ConfigurationError when a rule does not fit.
 */
export function recover(
  rules: readonly RecoverRule[],
  otherwise: RecoverAction = { action: 'abort' },
  environment?: Environment,
  subject = 'recover',
): Policy<'recover'> {
  checkOptions(subject, z.array(z.unknown()), rules);
  for (const [i, rule] of rules.entries()) check(nameOf(subject, i), rule, { on: z.union([matcher, z.array(matcher).min(1)]) });
  check(`${subject}, default`, otherwise, {});
  return policyOf(
    'recover',
    {
      rules: rules.map((rule, i) => ruleOf(rule, [rule.on].flat() as readonly Matcher[], nameOf(subject, i))),
      otherwise: ruleOf(otherwise, undefined, `${subject}, default`),
    },
    environment,
  );
}

const nameOf = (subject: string, i: number): string => `${subject}, rule ${i + 1}`;

function ruleOf(given: RecoverAction, on: readonly Matcher[] | undefined, subject: string): Rule {
  if (given.action === 'abort') return { action: 'abort', on };
  if (given.action === 'repair') return repairRule(given, on);
  if (given.action === 'retry') {
    const { action: _, multiplier = 1, on: _on, ...pause } = given as typeof given & { readonly on?: unknown };
    return { action: 'retry', on, multiplier, policy: retryPolicy(subject, { ...pause, ...(on && { retryOn: on }) }) };
  }
  return { action: given.action, on, method: 'method' in given ? given.method : () => given.value };
}

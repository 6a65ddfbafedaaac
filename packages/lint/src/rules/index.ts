import type { Rule } from '../rule.js';
import { stepRequiresCompensation } from './step-requires-compensation.js';
import { compensationTargetExists } from './compensation-target-exists.js';
import { compensationSignature } from './compensation-signature.js';
import { compensationHandlesUnknown } from './compensation-handles-unknown.js';
import { singleCompensation } from './single-compensation.js';
import { compensationNotStub } from './compensation-not-stub.js';
import { compensationNoSwallow } from './compensation-no-swallow.js';
import { compensationOwnScope } from './compensation-own-scope.js';
import { compensationNoNewSteps } from './compensation-no-new-steps.js';
import { compensationIdempotent } from './compensation-idempotent.js';
import { noResultOnlyInMemory } from './no-result-only-in-memory.js';
import { pivotOrder } from './pivot-order.js';
import { onePivot } from './one-pivot.js';
import { repeatableAfterPivot } from './repeatable-after-pivot.js';
import { unknownNeedsAnswer } from './unknown-needs-answer.js';
import { attemptTimeoutRequired } from './attempt-timeout-required.js';
import { redundantRequiresIdempotent } from './redundant-requires-idempotent.js';
import { retryFitsDeadline } from './retry-fits-deadline.js';
import { noSideEffectOutsideStep } from './no-side-effect-outside-step.js';
import { noNondeterminismInSaga } from './no-nondeterminism-in-saga.js';
import { noFloatingStep } from './no-floating-step.js';
import { noRaceOverSteps } from './no-race-over-steps.js';
import { noCatchAllInSaga } from './no-catch-all-in-saga.js';
import { noFinallyOverWait } from './no-finally-over-wait.js';
import { encodableArguments } from './encodable-arguments.js';
import { statelessSagaClass } from './stateless-saga-class.js';
import { stableStepKey } from './stable-step-key.js';
import { idempotencyKeyForwarded } from './idempotency-key-forwarded.js';
import { noKeyMintedInStep } from './no-key-minted-in-step.js';
import { oneEffectPerStep } from './one-effect-per-step.js';
import { noNestedStep } from './no-nested-step.js';
import { noSwallowInStep } from './no-swallow-in-step.js';
import { checkpointedStateEncodable } from './checkpointed-state-encodable.js';
import { noEffectInLoggedHandler } from './no-effect-in-logged-handler.js';
import { checkpointedSchemaVersion } from './checkpointed-schema-version.js';
import { explicitInject } from './explicit-inject.js';
import { importTypeForMetadata } from './import-type-for-metadata.js';
import { notResolvable } from './not-resolvable.js';
import { noImportTypeInjection } from './no-import-type-injection.js';

/** All rules, in the order of their families. */
export const rules: readonly Rule[] = [
  stepRequiresCompensation,
  compensationTargetExists,
  compensationSignature,
  compensationHandlesUnknown,
  singleCompensation,
  compensationNotStub,
  compensationNoSwallow,
  compensationOwnScope,
  compensationNoNewSteps,
  compensationIdempotent,
  noResultOnlyInMemory,
  pivotOrder,
  onePivot,
  repeatableAfterPivot,
  unknownNeedsAnswer,
  attemptTimeoutRequired,
  redundantRequiresIdempotent,
  retryFitsDeadline,
  noSideEffectOutsideStep,
  noNondeterminismInSaga,
  noFloatingStep,
  noRaceOverSteps,
  noCatchAllInSaga,
  noFinallyOverWait,
  encodableArguments,
  statelessSagaClass,
  stableStepKey,
  idempotencyKeyForwarded,
  noKeyMintedInStep,
  oneEffectPerStep,
  noNestedStep,
  noSwallowInStep,
  checkpointedStateEncodable,
  noEffectInLoggedHandler,
  checkpointedSchemaVersion,
  explicitInject,
  importTypeForMetadata,
  notResolvable,
  noImportTypeInjection,
];

const byId: ReadonlyMap<string, Rule> = new Map(rules.map((one) => [one.id, one]));

export const ruleOf = (id: string): Rule | undefined => byId.get(id);

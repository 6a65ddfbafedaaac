export type {
  BreakerHandle,
  BulkheadOptions,
  CircuitBreakerOptions,
  HedgeOptions,
  InterceptOptions,
  RateLimitOptions,
  RetryOptions,
  StepScope,
  TimeoutOptions,
  Undo,
  UndoOf,
  UndoOptions,
} from '@redress/core';
export type { App } from './app.js';
export { bind } from './bind.js';
export { AfterRestore, Checkpointed, ReadOnly, Transient } from './checkpointed.js';
export type { AnyMethodMark, CheckpointedClassMark, CheckpointedMethodOptions, FieldMark } from './checkpointed.js';
export type { CheckpointedOptions } from './checkpointed-marks.js';
export { checkpoints } from './checkpoints.js';
export type { MethodBreakerOptions } from './breaker.js';
export type { DetectMethodMark, RepairedMethodMark } from './fit-recovery.js';
export { breakerOf } from './breaker-of.js';
export { Compensate } from './compensate.js';
export type { Container, Token } from './container.js';
export type { CompensatedMethodMark, MethodMark, Misfit, NoContext, NoDescriptor, PolicyDecorator, SagaMethodMark } from './fit.js';
export type { Configuration } from './configuration.js';
export { operationsOf } from './operations-of.js';
export type { NamedOperation } from './operations-of.js';
export { Detect } from './detect.js';
export { Fallback } from './fallback.js';
export type { MethodFallbackOptions } from './fallback.js';
export { Bulkhead, CircuitBreaker, Hedge, RateLimit, Timeout } from './policy.js';
export { quarantineOf } from './quarantine-of.js';
export { Recover } from './recover.js';
export type { MethodRecoverAction, MethodRecoverRule } from './recover.js';
export { Intercept } from './intercept.js';
export { Logged, openLog } from './logged.js';
export type { LoggedLogOptions, LoggedMark, LoggedMethod, LoggedOptions } from './logged.js';
export { redress } from './redress.js';
export type { ClassEntry, RedressOptions } from './redress.js';
export type { Class, Quarantine } from './registry.js';
export { Redundant } from './redundant.js';
export type { RedundantMarkOptions } from './redundant.js';
export { Repair } from './repair.js';
export type { MethodRepairOptions } from './repair.js';
export { Retry } from './retry.js';
export { Saga } from './saga.js';
export type { SagaOptions } from './saga.js';
export { run, step } from './step-scope.js';
export { Step } from './step.js';
export type { StepOptions } from './step.js';
export { ChildUnavailableError, supervise } from './supervise.js';
export type { ClassSupervisor, ScopedContainer, SuperviseOptions } from './supervise.js';
export { Supervised } from './supervised.js';
export type { ClassMark, SupervisedOptions } from './supervised.js';

// The one door of the package: what is not named here cannot be reached.

// Errors
export {
  CodecError,
  ConfigurationError,
  ConflictError,
  InvariantError,
  PolicyError,
  RedressError,
  RefusedError,
  RetryableError,
  StoreArgumentError,
  StoreError,
  StoreRegressionError,
  StoreUnavailableError,
  TerminalError,
} from './base/errors.js';
export type { ConflictReason, ErrorOptions, Problem } from './base/errors.js';
export {
  OwnershipLostError,
  PivotOrderError,
  ReplayMismatchError,
  RuntimeStoppedError,
  SagaCancelledError,
  SagaCompensatedError,
  SagaDeadlineError,
  SagaError,
  SagaIdConflictError,
  SagaMixedError,
  SagaNotFoundError,
  SagaRecoveryLimitError,
  SagaStillRunningError,
  SagaStuckError,
  SagaVerbError,
  StepFencedError,
  StepInterruptedError,
  UndoTimeoutError,
} from './saga/errors.js';

// The storage port
export { SOON_MS } from './base/store.js';
export { checkChange, checkClaim, checkLease, checkQuery } from './base/change.js';
export type {
  Change,
  Claim,
  Commit,
  Data,
  Durability,
  Entry,
  Expectation,
  Head,
  HeadPatch,
  Loaded,
  NewEntry,
  News,
  Page,
  Query,
  Renewal,
  Store,
  Topic,
  Wake,
  Watch,
} from './base/store.js';

// Environment
export { sleep, systemClock } from './base/clock.js';
export type { Clock, Timer } from './base/clock.js';
export { createCodec, decodeRecord, encodeRecord } from './base/codec.js';
export type { Codec, CodecOptions } from './base/codec.js';
export type { CodecType, ErrorClass } from './base/codec-tree.js';
export { createEnvironment } from './base/environment.js';
export type { Environment } from './base/environment.js';
export { createEventBus } from './base/events.js';
export type { EventBus, Listener, RedressEvent } from './base/events.js';
export { systemRandom } from './base/random.js';
export type { Random } from './base/random.js';

// Words for options
export { durationMs } from './base/duration.js';
export type { Duration } from './base/duration.js';
export { checkOptions } from './base/options.js';
export type { Schema } from './base/schema.js';

// Calls and what wraps them
export { causes, classify, isErrorClass, matches } from './base/failure.js';
export type { FailureClass, Matcher } from './base/failure.js';
export { chain } from './base/interceptor.js';
export type { Call, Interceptor } from './base/interceptor.js';
export { currentScope, runInScope } from './base/scope.js';
export type { Scope, StepScope } from './base/scope.js';

// Policies
export { retryBudget } from './policy/budget.js';
export type { RetryBudget, RetryBudgetOptions } from './policy/budget.js';
export type { CircuitBreakerOptions } from './policy/breaker.js';
export { bulkhead } from './policy/bulkhead.js';
export type { BulkheadOptions } from './policy/bulkhead.js';
export { currentSignal } from './policy/call.js';
export type { Body, Chain, Running } from './policy/call.js';
export { circuitBreaker } from './policy/circuit-breaker.js';
export { compose } from './policy/compose.js';
export type { BreakerHandle } from './policy/circuit-breaker.js';
export type { CircuitState } from './policy/circuit.js';
export { BulkheadRejectedError, CircuitOpenError, RateLimitedError, TimeoutError } from './policy/errors.js';
export { fallback } from './policy/fallback.js';
export type { FallbackOptions } from './policy/fallback.js';
export { guard } from './policy/guard.js';
export type { Guarded, GuardOptions } from './policy/guard.js';
export { hedge } from './policy/hedge.js';
export type { HedgeOptions } from './policy/race.js';
export { recoveryInfo } from './policy/info.js';
export type { EndReason, RecoveryInfo } from './policy/info.js';
export type { FallbackMethod } from './policy/instead.js';
export type { Policy } from './policy/policy.js';
export { rateLimit } from './policy/rate-limit.js';
export type { RateLimitOptions } from './policy/rate-limit.js';
export { retry } from './policy/retry.js';
export { retryPolicy } from './policy/retry-policy.js';
export type { RetryOptions, RetryPolicy } from './policy/retry-policy.js';
export { timeout } from './policy/timeout.js';
export type { TimeoutOptions } from './policy/timeout.js';

// Redundancy
export type { Ballot, BlankReason } from './redundancy/ballot.js';
export { structurallyEqual } from './redundancy/equality.js';
export { NoConsensusError, ReplicaOutvotedError, ReplicaTimeoutError } from './redundancy/errors.js';
export type { RedundantOptions } from './redundancy/options.js';
export { redundancy, redundant } from './redundancy/redundant.js';
export type { Redundant } from './redundancy/redundant.js';
export type { VoteResult } from './redundancy/redundant-types.js';
export { copiesOf, replicasOf } from './redundancy/replica.js';
export type { Replica, ReplicaCall, ReplicaSource } from './redundancy/replica.js';
export type { NoConsensusReason } from './redundancy/vote.js';
export { ReplicaLostError, workerReplica } from './redundancy/worker-replica.js';
export type { WorkerReplica, WorkerReplicaOptions } from './redundancy/worker-replica.js';

// Rollback: message logs
export {
  LogClosedError,
  LogCorruptError,
  LogFencedError,
  MessageGapError,
  MessageLogError,
  NonDeterminismError,
  OutputDivergenceError,
  ReplayStalledError,
  TooManyUnconfirmedError,
} from './rollback/log/errors.js';
export { logStreamOf, openMessageLog } from './rollback/log/open.js';
export { outputOf, streamSink } from './rollback/log/sinks.js';
export type { StreamSinkOptions } from './rollback/log/sinks.js';
export type {
  LogContext,
  LoggedMessage,
  LogHandler,
  IncomingMessage,
  MessageLog,
  MessageLogOptions,
  Output,
  Receipt,
  ReplayMode,
  Sink,
  SinkReport,
} from './rollback/log/types.js';

// Coordinated checkpoints
export {
  CoordinationAbortedError,
  CoordinationError,
  CoordinationFailingError,
  EpochOverError,
  NoMemberError,
  RoundStateError,
} from './rollback/round/errors.js';
export { joinExchange } from './rollback/round/exchange.js';
export type { ExchangeMember, ExchangeOptions } from './rollback/round/exchange.js';
export { joinGroup } from './rollback/round/join.js';
export { roundStreamOf } from './rollback/round/register-stream.js';
export type { CheckpointOptions, Companion, GroupMember, GroupOptions } from './rollback/round/types.js';

// Channels between processes
export { ChannelDivergedError, ChannelFencedError, ChannelTrimmedError } from './rollback/channel/errors.js';
export { channelStream } from './rollback/channel/entry.js';
export type { ChannelAddress, ChannelItem, Message } from './rollback/channel/entry.js';
export { readChannel, readRange } from './rollback/channel/read.js';
export type { ChannelPage } from './rollback/channel/read.js';
export { releaseChannel, retainChannel, trimChannel } from './rollback/channel/upkeep.js';
export { openChannel } from './rollback/channel/writer.js';
export type { ChannelWriter } from './rollback/channel/writer.js';

// Checkpoint graphs and recovery lines
export { certify } from './rollback/line/certify.js';
export type { Violation } from './rollback/line/certify.js';
export { collectable, inTransit, uselessCheckpoints } from './rollback/line/collect.js';
export { LineArgumentError, LineLostError } from './rollback/line/errors.js';
export { explain } from './rollback/line/explain.js';
export type { DominoReport, Rollback } from './rollback/line/explain.js';
export { createGraph } from './rollback/line/graph.js';
export type { CheckpointGraph, ProcessHistory } from './rollback/line/graph.js';
export { inTransitOf, isConsistent, orphansOf } from './rollback/line/message.js';
export type { CheckpointRef, GraphMessage } from './rollback/line/message.js';
export { recoveryLine, startOfFailure } from './rollback/line/recovery-line.js';
export type { Start } from './rollback/line/recovery-line.js';
export { dominoDot, dominoMermaid, dominoText } from './rollback/line/render.js';
export type { DependencyVector, Line, MessageId, ProcessId, Recoverable } from './rollback/words.js';

// Sagas
export { defineSaga, defineStep, sagaOf } from './saga/define.js';
export type { SagaList, SagaOptions, StepOptions } from './saga/define.js';
export { nameProblem, operationHash, undoPolicy } from './saga/definition.js';
export type {
  Compensation,
  Operation,
  Probe,
  ProbeAnswer,
  RunContext,
  SagaDefinition,
  Tags,
  StepDefinition,
  UndoOptions,
  UndoPolicy,
} from './saga/definition.js';
export type { Admin, Audit, AuditView, Health, RunQuery, RunsPage, RunStatus, RunSummary, RunView, StepView } from './saga/admin-types.js';
export { retentionMs } from './saga/retention.js';
export type { Retention } from './saga/retention.js';
export { createRuntime } from './saga/runtime.js';
export type { PassScope, RunHandle, Runtime, RuntimeOptions, StartOptions, WaitOptions } from './saga/runtime-types.js';
export type { AnyUndo, Undo, UndoOf } from './saga/undo.js';

// Supervision
export type { ChildContext, ChildSpec, HealthOptions, RestartType, RunningChild } from './supervision/child.js';
export { phiDetector } from './supervision/detector.js';
export type { PhiDetector, PhiOptions } from './supervision/detector.js';
export {
  ChildExitedError,
  ChildFencedError,
  ChildStartTimeoutError,
  ChildUnhealthyError,
  RestartLimitError,
} from './supervision/errors.js';
export { fenceOf } from './supervision/fence.js';
export type { Fence, FencingToken } from './supervision/fence.js';
export type { BackoffOptions, SupervisorOptions } from './supervision/options.js';
export { childProcess } from './supervision/process.js';
export type { ProcessOptions } from './supervision/process.js';
export type { SupervisionEvent } from './supervision/reports.js';
export { serveChild } from './supervision/serve.js';
export type { ServedContext, ServeOptions } from './supervision/serve.js';
export type { Strategy } from './supervision/strategy.js';
export { createSupervisor, supervisorChild } from './supervision/supervisor.js';
export type { ChildView, Supervisor } from './supervision/supervisor-types.js';
export { service, task } from './supervision/task.js';
export type { Service } from './supervision/task.js';
export { workerThread } from './supervision/thread.js';
export type { ThreadOptions } from './supervision/thread.js';

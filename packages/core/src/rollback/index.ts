// The names of this family that the door of the package gives away.

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
} from './log/errors.js';
export { logStreamOf, openMessageLog } from './log/open.js';
export { outputOf, streamSink } from './log/sinks.js';
export type { StreamSinkOptions } from './log/sinks.js';
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
} from './log/types.js';

// Coordinated checkpoints
export {
  CoordinationAbortedError,
  CoordinationError,
  CoordinationFailingError,
  EpochOverError,
  NoMemberError,
  RoundStateError,
} from './round/errors.js';
export { joinExchange } from './round/exchange.js';
export type { ExchangeMember, ExchangeOptions } from './round/exchange.js';
export { joinGroup } from './round/join.js';
export { roundStreamOf } from './round/register-stream.js';
export type { Companion, GroupMember, GroupOptions, RoundOptions } from './round/types.js';

// Channels between processes
export { ChannelDivergedError, ChannelFencedError, ChannelTrimmedError } from './channel/errors.js';
export { channelStream } from './channel/entry.js';
export type { ChannelAddress, ChannelItem, Message } from './channel/entry.js';
export { readChannel, readRange } from './channel/read.js';
export type { ChannelPage } from './channel/read.js';
export { releaseChannel, retainChannel, trimChannel } from './channel/upkeep.js';
export { openChannel } from './channel/writer.js';
export type { ChannelWriter } from './channel/writer.js';

// Checkpoint graphs and recovery lines
export { certify } from './line/certify.js';
export type { Violation } from './line/certify.js';
export { collectable, inTransit, uselessCheckpoints } from './line/collect.js';
export { graphData, graphFrom } from './line/data.js';
export type { GraphData } from './line/data.js';
export { LineArgumentError, LineLostError } from './line/errors.js';
export { explain } from './line/explain.js';
export type { DominoReport, Rollback } from './line/explain.js';
export { createGraph } from './line/graph.js';
export type { CheckpointGraph, ProcessHistory } from './line/graph.js';
export { inTransitOf, isConsistent, orphansOf } from './line/message.js';
export type { CheckpointRef, GraphMessage } from './line/message.js';
export { recoveryLine, startOfFailure } from './line/recovery-line.js';
export type { Start } from './line/recovery-line.js';
export { dominoDot, dominoMermaid, dominoText } from './line/render.js';

// Independent checkpointing
export { GroupMembersError, OrphansError, ProcessEndedError, ProcessFencedError } from './independent/errors.js';
export { groupGraph, groupsIn } from './independent/graph-of.js';
export { recoveriesOf } from './independent/group-stream.js';
export type { FixedLine, Recovery } from './independent/group.js';
export { independentProcess } from './independent/process.js';
export type { Incoming, IndependentOptions, IndependentProcess, Send } from './independent/types.js';

// Which technique for what
export { chooseTechnique } from './choose.js';
export type { Advice, OperationProperties, Recommendation, Technique } from './choose.js';

// Snapshots of the global state
export { ColourRound } from './snapshot/colours.js';
export { SnapshotAbortedError, SnapshotMissingError, UnorderedChannelError } from './snapshot/errors.js';
export { MarkerRound } from './snapshot/markers.js';
export type { Range } from './snapshot/markers.js';
export { readSnapshot } from './snapshot/read.js';
export type { GlobalState } from './snapshot/read.js';
export type { DependencyVector, Line, MessageId, ProcessId, Recoverable } from './words.js';

// Checkpoints
export { checkpointed, checkpointsOf } from './checkpoint/checkpoints.js';
export type { Attempt, Checkpoints, CheckpointStart, RestoreInfo } from './checkpoint/checkpoints-types.js';
export type { CheckpointNotes } from './checkpoint/durable.js';
export {
  CallDepthError,
  CheckpointError,
  CheckpointNotFoundError,
  CheckpointVerbError,
  DetachedWriteError,
  FutureVersionError,
  LockTimeoutError,
  MigrationError,
  NotServedError,
  OptimisticConflictError,
  QueueFullError,
  ReadOnlyError,
  RecoveryFailedError,
  SchemaDriftError,
  UnsupportedValueError,
} from './checkpoint/errors.js';
export type { CheckpointInfo } from './checkpoint/history-view.js';
export type { Migration } from './checkpoint/migrate.js';
export { checkCheckpointOptions, durabilityProblems } from './checkpoint/options.js';
export type { CheckpointDurability, CheckpointEvery, CheckpointOptions } from './checkpoint/options.js';
export type { SavepointPlace } from './checkpoint/savepoints.js';
export { TrackedArray } from './checkpoint/tracked-array.js';
export { TrackedMap } from './checkpoint/tracked-map.js';
export type { TrackedKey } from './checkpoint/tracked.js';
export { TrackedSet } from './checkpoint/tracked-set.js';
export { v8Codec } from './checkpoint/v8-codec.js';
export type { StateCodec } from './checkpoint/v8-codec.js';

/** What is true of an operation; what is left out is not. */
export interface OperationProperties {
  /** Something leaves the process that cannot be taken back: mail, a payment, a call to somebody else's system. */
  readonly irreversibleOutputs?: boolean;
  /** The receiver of these outputs knows a key again, and does the same thing once. */
  readonly idempotentOutputs?: boolean;
  /** The business wants to see, or to stop at, steps in between. */
  readonly visibleSteps?: boolean;
  /** State in memory is changed, and must not stay half changed. */
  readonly memoryState?: boolean;
  /** The memory must survive a crash of the process. */
  readonly mustSurviveCrash?: boolean;
  /** Several processes hold state and send to each other. */
  readonly exchangesMessages?: boolean;
  /** Handlers do the same again for the same messages, apart from what is logged. */
  readonly deterministic?: boolean;
  /** One team deploys all of them, and there are at most about fifty. */
  readonly boundedGroup?: boolean;
  /** Nobody may stand still while a checkpoint of all is taken. */
  readonly noPause?: boolean;
  /** Answers may be wrong, and not only missing. */
  readonly wrongAnswers?: boolean;
  /** What fails often works when it is tried again. */
  readonly transientFaults?: boolean;
}

export type Technique =
  | 'retry'
  | 'redundancy'
  | 'outbox'
  | 'compensation'
  | 'saga'
  | 'undo-log'
  | 'checkpoint'
  | 'message-log'
  | 'coordinated'
  | 'snapshot'
  | 'independent-bcs';

export interface Advice {
  readonly technique: Technique;
  readonly why: string;
}

export interface Recommendation {
  /** Together, in the order in which to apply them. */
  readonly use: readonly Advice[];
  /** What was considered and is not for this operation. */
  readonly rejected: readonly Advice[];
}

type Rule = readonly [technique: Technique, (of: OperationProperties) => boolean, why: string, whyNot: string];

const isGroup = (of: OperationProperties): boolean => of.exchangesMessages === true;
const isLogged = (of: OperationProperties): boolean => isGroup(of) && of.deterministic === true;
const isBounded = (of: OperationProperties): boolean => isGroup(of) && !isLogged(of) && of.boundedGroup === true;

/** The decision tree of docs/recovery-lines.md, from what is tried first to what reaches furthest. */
const RULES: readonly Rule[] = [
  [
    'retry',
    (of) => of.transientFaults === true,
    'What is transient goes away when it is tried again; nothing is cheaper.',
    'Its faults do not go away by themselves.',
  ],
  [
    'redundancy',
    (of) => of.wrongAnswers === true,
    'A wrong answer is not found out by one process alone: several vote.',
    'Its answers are right when they come.',
  ],
  [
    'outbox',
    (of) => of.irreversibleOutputs === true,
    'What cannot be taken back leaves with a key, once its record is durable.',
    'Nothing leaves that cannot be taken back.',
  ],
  [
    'compensation',
    (of) => of.irreversibleOutputs === true && of.idempotentOutputs !== true,
    'The receiver does not know a key again, so what it has done twice or in vain has to be undone by another call.',
    'Nothing leaves that has to be undone by another call.',
  ],
  [
    'saga',
    (of) => of.visibleSteps === true,
    'Steps that others see cannot be rolled back silently: each has its undo, and the run survives crashes.',
    'Nobody looks at its steps.',
  ],
  [
    'undo-log',
    (of) => of.memoryState === true,
    'A call that throws takes back what it has changed, in microseconds, however large the state is.',
    'It keeps no state in memory.',
  ],
  [
    'checkpoint',
    (of) => of.memoryState === true && of.mustSurviveCrash === true && !isGroup(of),
    'State of one process that must survive a crash is saved now and then.',
    'No state of a single process has to survive a crash.',
  ],
  [
    'message-log',
    isLogged,
    'Only the process that failed recovers, by replaying; no other one goes back.',
    'Replay needs several processes, and handlers that do the same again.',
  ],
  [
    'coordinated',
    (of) => isBounded(of) && of.noPause !== true,
    'A bounded group of one team takes its checkpoints together; there is no domino effect.',
    'It needs a bounded group, in which all may stand still for a moment, and handlers that cannot be replayed.',
  ],
  [
    'snapshot',
    (of) => isBounded(of) && of.noPause === true,
    'A snapshot is a checkpoint of all that nobody stands still for.',
    'It is for bounded groups that may not pause and cannot be replayed.',
  ],
  [
    'independent-bcs',
    (of) => isGroup(of) && !isLogged(of) && !isBounded(of),
    'Autonomous processes take checkpoints by themselves; forced ones keep the domino effect away. Without them a failure may take all back to the start.',
    'It is for autonomous processes that can neither be replayed nor stand still together.',
  ],
];

/** Recommends techniques for an operation, with the reasons, and says why the others are not for it. Pure. */
export function chooseTechnique(properties: OperationProperties): Recommendation {
  const use: Advice[] = [];
  const rejected: Advice[] = [];
  for (const [technique, applies, why, whyNot] of RULES) {
    if (applies(properties)) use.push({ technique, why });
    else rejected.push({ technique, why: whyNot });
  }
  return { use, rejected };
}

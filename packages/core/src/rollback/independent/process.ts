import { z } from 'zod';
import { durationMs } from '../../base/duration.js';
import { createEnvironment } from '../../base/environment.js';
import { checkOptions } from '../../base/options.js';
import { GroupMembersError, OrphansError } from './errors.js';
import { begun } from './group.js';
import { found, step } from './group-stream.js';
import { Life } from './life.js';
import { look } from './look.js';
import { Member } from './member.js';
import { Postman } from './postman.js';
import { ProcessStream } from './process-stream.js';
import { Snapshots } from '../snapshot/snapshots.js';
import type { IndependentOptions, IndependentProcess } from './types.js';

const EVERY = '5s';
const POLL = '50ms';
const WITHIN = '10s';

const schema = z.strictObject({
  store: z.custom((value) => typeof value === 'object' && value !== null, 'Must be a store'),
  environment: z.unknown().optional(),
  group: z.string().min(1).max(100),
  members: z.array(z.string().min(1).max(100)).min(1),
  process: z.custom((value) => typeof (value as { restore?: unknown } | null)?.restore === 'function', 'Must be a Recoverable'),
  receive: z.custom((value) => typeof value === 'function', 'Must be a function'),
  every: z.union([z.number(), z.string()]).optional(),
  forced: z.enum(['bcs', 'none']).optional(),
  keep: z.enum(['needed', 'all']).optional(),
  poll: z.union([z.number(), z.string()]).optional(),
});

/**
 * Opens a process that takes checkpoints by itself, in a group of those that send to each other. The first life begins with
 * its state as it is; each later one with a recovery of the group, and resolves when it stands on the line: all members
 * have to be there for that. The model is that of Elnozahy, Alvisi, Wang, Johnson, "A survey of rollback-recovery
 * protocols in message-passing systems" (2002), section 2.
 * @throws ConfigurationError, GroupMembersError, StoreUnavailableError
 */
export async function independentProcess(options: IndependentOptions): Promise<IndependentProcess> {
  const { store, group, members, process, receive, forced = 'bcs', keep = 'needed', every = EVERY, poll = POLL } = options;
  checkOptions(`independentProcess ${process?.id}`, schema, options);
  const everyMs = every === 'never' ? Infinity : durationMs(every, 'independentProcess, every');
  const settings = {
    receive,
    everyMs,
    pollMs: durationMs(poll, 'independentProcess, poll'),
    isForced: forced === 'bcs',
    keepsAll: keep === 'all',
  };
  const environment = options.environment ?? createEnvironment();
  if (!members.includes(process.id)) throw new GroupMembersError(group, members, `"${process.id}" is not one of them`);
  const { epoch } = await found(store, group, process.id, members);
  const { stream, isNew } = await ProcessStream.open(environment, store, group, process.id, () => process.capture());
  const others = members.filter((id) => id !== process.id);
  const member = new Member(environment, store, group, process, stream, others);
  const postman = await Postman.open(member, others);
  const key = `failed:${process.id}:${stream.word}`;
  if (!isNew) await step(store, group, { key, next: (now) => ({ group: begun(now, [process.id], null) }) });
  const life = new Life(member, postman, settings, epoch);
  const face = faceOf(life, new Snapshots(life));
  await life.begin();
  return face;
}

function faceOf(life: Life, snapshots: Snapshots): IndependentProcess {
  const { member } = life;
  const checkpoints = (): readonly number[] => member.stream.record.checkpoints.map(({ number }) => number);
  return {
    id: member.id,
    ended: life.ended,
    get incarnation() {
      return member.stream.record.incarnation;
    },
    get checkpoints() {
      return checkpoints();
    },
    get ghosts() {
      return life.ghosts;
    },
    get forced() {
      return life.forced;
    },
    run: (work) => life.run(work),
    checkpoint: () => life.checkpoint(),
    async rollback({ to = checkpoints().at(-1) as number, scope = 'instance' } = {}) {
      const recovery = await life.ask({ by: member.id, to: { [member.id]: to }, scope });
      if (recovery.refused) throw new OrphansError(member.id, recovery.refused.report);
      return recovery;
    },
    async snapshot({ name = member.environment.random.word(), within = WITHIN } = {}) {
      await snapshots.take(name, durationMs(within, 'snapshot, within'));
      return name;
    },
    restoreSnapshot: (name) => snapshots.restore(name),
    releaseSnapshot: (name) => snapshots.release(name),
    domino: async () => (await look(member)).report,
    stop: () => life.stop(),
  };
}

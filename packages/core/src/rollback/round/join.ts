import { Member } from './member.js';
import { settingsOf } from './options.js';
import { RegisterStream } from './register-stream.js';
import type { GroupMember, GroupOptions } from './types.js';

// Members of one process that share a store share what they know of the group, and its commits.
const shared = new WeakMap<object, Map<string, Promise<RegisterStream>>>();

/**
 * Joins a group that takes checkpoints together: two phases over the store (Koo and Toueg, 1987), where every decision is one guarded commit,
 * so that nothing depends on a coordinator. A member that begins where the group is at work already has lost its state: the whole
 * group goes back to the last committed round, and each member is restored to that one.
 * @throws ConfigurationError for options that do not fit, NoMemberError when the group has other members.
 */
export async function joinGroup(options: GroupOptions): Promise<GroupMember> {
  const settings = settingsOf(options);
  const { store, group, members, environment } = settings;
  const there = shared.get(store) ?? new Map<string, Promise<RegisterStream>>();
  shared.set(store, there);
  let opening = there.get(group);
  if (!opening) there.set(group, (opening = RegisterStream.open(store, environment, group, members)));
  try {
    const stream = await opening;
    if (stream.isLost) {
      there.delete(group);
      return await joinGroup(options);
    }
    const [now] = await Promise.all([store.now(), stream.refresh()]);
    return new Member(settings, stream, now - environment.clock.monotonic()).begin();
  } catch (error) {
    there.delete(group);
    throw error;
  }
}

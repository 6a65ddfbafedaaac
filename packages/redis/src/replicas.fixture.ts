import { Server } from './server.fixture.js';
import type { Settings } from './server.fixture.js';

/** What a server with replicas may run with: each commit is on more than one host before it is on a disk. */
export const EVERYSEC: Settings = {
  appendonly: 'yes',
  appendfsync: 'everysec',
  'repl-diskless-sync-delay': '0',
  'repl-ping-replica-period': '1',
};

/** A master and its replicas. */
export class Replicated {
  private constructor(
    readonly master: Server,
    readonly replicas: readonly Server[],
  ) {}

  static async start(replicas: number, settings: Settings = {}): Promise<Replicated> {
    const [master, ...others] = await Promise.all(Array.from({ length: replicas + 1 }, () => Server.start({ ...EVERYSEC, ...settings })));
    const all = new Replicated(master as Server, others);
    await Promise.all(others.map((replica) => replica.follow(all.master)));
    await all.master.followed(replicas);
    return all;
  }

  /** The replica stops in the middle of whatever it does, and what the master has not sent it yet never comes. */
  async cutOff(replica: Server): Promise<void> {
    replica.pause();
    await this.master.command('CLIENT', 'KILL', 'TYPE', 'replica');
  }

  async remove(): Promise<void> {
    for (const replica of this.replicas) replica.resume();
    await Promise.all([this.master, ...this.replicas].map((server) => server.remove()));
  }
}

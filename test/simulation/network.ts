import { StoreUnavailableError } from '@redress/core';
import type { Change, Claim, Commit, Head, Renewal, Store } from '@redress/core';
import type { Chance } from './chance.js';
import type { SimRecord } from './history.js';
import type { Life, Timeline } from './timeline.js';

/** What the network does to requests now, in shares of 1. */
export interface Weather {
  readonly lostRequest: number;
  readonly lostAnswer: number;
  readonly duplicate: number;
  readonly slowRequest: number;
  readonly slowAnswer: number;
}

export const CALM: Weather = { lostRequest: 0, lostAnswer: 0, duplicate: 0, slowRequest: 0, slowAnswer: 0 };

export function weatherOf(chance: Chance): Weather {
  const share = (): number => chance.pick([0, 0, 0.02, 0.08, 0.2]);
  return { lostRequest: share(), lostAnswer: share(), duplicate: share(), slowRequest: share(), slowAnswer: share() };
}

/** What all connections of one world share. */
export interface Net {
  readonly timeline: Timeline;
  weather: Weather;
  /** The store answers nobody. */
  down: boolean;
  /** Commits that are on their way, whoever sent them. */
  commits: number;
  /** Whom an owner's name belongs to. */
  readonly owners: Map<string, string>;
  record(record: SimRecord): void;
  storeNow(): number;
}

/** How long a process waits before it calls a request lost. */
const GIVE_UP_MS = 300;

/** One process's connection to the store. Each request has a fate: it may be lost, its answer may be, it may come twice, or late. */
export class Connection {
  readonly store: Store;

  constructor(
    private readonly net: Net,
    private readonly life: Life,
    private readonly chance: Chance,
    private readonly inner: Store,
  ) {
    this.store = {
      durability: inner.durability,
      load: (id, page) => this.request('load', () => inner.load(id, page)),
      commit: (change) => this.request('commit', () => this.commit(change)),
      claim: (claim) => this.request('claim', () => this.claim(claim)),
      renew: (owner, ids, leaseMs) => this.request('renew', () => this.renew(owner, ids, leaseMs)),
      scan: (query) => this.request('scan', () => inner.scan(query)),
      drop: (id, expect) => this.request('drop', () => inner.drop(id, expect)),
      now: () => this.request('now', () => inner.now()),
      close: async () => {},
      [Symbol.asyncDispose]: async () => {},
    };
  }

  private request<T>(verb: string, apply: () => Promise<T>): Promise<T> {
    const { net, life, chance } = this;
    const { timeline, weather } = net;
    return new Promise<T>((resolve, reject) => {
      const unavailable = (why: string, ms: number): void => {
        net.record({ kind: 'fault', t: timeline.now, what: `${verb}: ${why}`, by: life.name });
        timeline.after(ms, () => life.deliver(() => reject(new StoreUnavailableError(why))));
      };
      const late = (probability: number): number => (chance.is(probability) ? chance.whole(20, 1_500) : chance.whole(0, 3));
      const [there, back] = [late(weather.slowRequest), late(weather.slowAnswer)];
      if (chance.is(weather.lostRequest)) return unavailable('request lost', chance.pick([1, GIVE_UP_MS]));
      const answerLost = chance.is(weather.lostAnswer);
      if (chance.is(weather.duplicate)) {
        const again = there + late(0.5);
        this.sent(verb, 1);
        timeline.after(again, () => {
          this.sent(verb, -1);
          net.record({ kind: 'fault', t: timeline.now, what: `${verb}: came again`, by: life.name });
          if (!net.down) apply().catch(() => {});
        });
      }
      this.sent(verb, 1);
      timeline.after(there, () => {
        this.sent(verb, -1);
        if (net.down) return unavailable('store down', back);
        const answered = apply();
        if (answerLost) {
          answered.catch(() => {});
          return unavailable('answer lost', chance.pick([1, GIVE_UP_MS]));
        }
        answered.then(
          (value) => timeline.after(back, () => life.deliver(() => resolve(value))),
          (error: Error) => timeline.after(back, () => life.deliver(() => reject(error))),
        );
      });
    });
  }

  private sent(verb: string, by: 1 | -1): void {
    if (verb === 'commit') this.net.commits += by;
  }

  private async commit(change: Change): Promise<Commit> {
    const { net, life } = this;
    try {
      const commit = await this.inner.commit(change);
      if (commit.applied) {
        const { version, owner, wakeAt, status, meta } = commit.head;
        if (change.expect === 'absent' && owner !== null) net.owners.set(owner, life.name);
        const created = change.expect === 'absent';
        net.record({
          ...{ kind: 'commit', t: net.timeline.now, by: life.name, run: change.id, created, version },
          ...{ owner: this.nameOf(owner), wakeAt, status, entries: change.entries, at: net.storeNow(), meta: String(meta) },
        });
      }
      return commit;
    } catch (error) {
      net.record({ kind: 'fault', t: net.timeline.now, what: `commit to ${change.id} refused`, by: life.name });
      throw error;
    }
  }

  private async claim(claim: Claim): Promise<readonly Head[]> {
    const { net, life } = this;
    net.owners.set(claim.owner, life.name);
    const heads = await this.inner.claim(claim);
    for (const { id, version, owner, wakeAt } of heads) {
      net.record({
        ...{ kind: 'claim', t: net.timeline.now, by: life.name, run: id, version },
        ...{ owner: this.nameOf(owner), wakeAt, at: net.storeNow() },
      });
    }
    return heads;
  }

  private async renew(owner: string, ids: readonly string[], leaseMs: number): Promise<readonly Renewal[]> {
    const { net, life } = this;
    const answers = await this.inner.renew(owner, ids, leaseMs);
    for (const answer of answers) {
      if (answer.owner !== owner) continue;
      const wakeAt = net.storeNow() + leaseMs;
      net.record({
        ...{ kind: 'renew', t: net.timeline.now, by: life.name, run: answer.id, version: answer.version },
        ...{ owner: this.nameOf(owner), wakeAt },
      });
    }
    return answers;
  }

  private nameOf(owner: string | null): string | null {
    return owner === null ? null : (this.net.owners.get(owner) ?? owner);
  }
}

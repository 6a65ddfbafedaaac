import { createEnvironment, joinGroup, RedressError } from '@redress/core';
import type { Change, GroupMember, GroupOptions, RedressEvent, Store } from '@redress/core';
import { createMemoryDatabase, memoryStore } from '@redress/memory';
import { Account } from './account.js';

export const MEMBERS = ['a', 'b', 'c'];
export const code = (error: unknown): string => (RedressError.is(error) ? error.code : String(error));
export const open = new Set<GroupMember>();

export interface Joined {
  readonly member: GroupMember;
  readonly account: Account;
  readonly events: RedressEvent[];
}

/** A member that looks at the store by itself, as one in another process does. */
export async function join(store: Store, id: string, more: Partial<GroupOptions> = {}): Promise<Joined> {
  const account = new Account(id);
  const events: RedressEvent[] = [];
  const environment = createEnvironment();
  environment.events.on('*', (event) => events.push(event));
  const member = await joinGroup({
    store,
    group: 'g',
    members: MEMBERS,
    state: account,
    deadlineMs: 2_000,
    pollMs: 10,
    environment,
    ...more,
  });
  open.add(member);
  return { member, account, events };
}

export async function all(connect: () => Store, more: Partial<GroupOptions> = {}): Promise<Joined[]> {
  const joined = await Promise.all(MEMBERS.map((id) => join(connect(), id, more)));
  await Promise.all(joined.map(({ member }) => member.ready));
  return joined;
}

export function connections(): () => Store {
  const shared = createMemoryDatabase();
  return () => memoryStore({ shared });
}

/** As kill -9: nothing that it asks the store for is seen by anybody. */
export function mortal(store: Store): {
  readonly store: Store;
  kill(): void;
  killAt(is: (change: Change) => boolean, after?: boolean): Promise<void>;
} {
  let isDead = false;
  let watch: { readonly is: (change: Change) => boolean; readonly after: boolean; readonly hit: () => void } | undefined;
  const never = new Promise<never>(() => {});
  const die = (hit: () => void): Promise<never> => {
    isDead = true;
    hit();
    return never;
  };
  const seen = new Proxy(store, {
    get: (target, name) => {
      const value = Reflect.get(target, name) as unknown;
      if (typeof value !== 'function') return value;
      return (...args: readonly unknown[]) => {
        if (name === 'watch') return { live: false, stop() {} };
        if (isDead) return never;
        const plan = name === 'commit' && watch?.is(args[0] as Change) ? watch : undefined;
        if (plan && !plan.after) return die(plan.hit);
        const answer = Reflect.apply(value, target, args) as Promise<unknown>;
        return Promise.resolve(answer).then((found) => (plan ? die(plan.hit) : isDead ? never : found));
      };
    },
  });
  return {
    store: seen,
    kill: () => void (isDead = true),
    killAt: (is, after = false) => new Promise((hit) => (watch = { is, after, hit })),
  };
}

export const typed =
  (type: string, process: string) =>
  ({ entries }: Change): boolean =>
    entries.some((entry) => entry.type === type && String(entry.data).includes(`"process":"${process}"`));

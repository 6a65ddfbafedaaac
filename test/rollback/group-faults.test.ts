import { createEnvironment, joinExchange, joinGroup, openChannel, readChannel, roundStreamOf } from '@redress/core';
import type { Change, Commit, Environment, ExchangeMember, Store } from '@redress/core';
import { createMemoryDatabase, memoryStore } from '@redress/memory';
import { expect, it, vi } from 'vitest';
import { Account, bound } from './account.js';

/** A store that can be put in the place of another one behind its users' backs, with some verbs of its own. */
function changing(first: Store, own: (current: Store) => Partial<Store> = () => ({})) {
  const place = { current: first };
  const store = new Proxy(first, { get: (_, name) => Reflect.get(own(place.current), name) ?? bound(place.current, name) });
  return { store, place };
}

/** Another store, with the first entries of one stream. */
async function copied(store: Store, id: string, count: number, meta?: string): Promise<Store> {
  const { head, entries } = (await store.load(id)) ?? { head: undefined, entries: [] };
  if (!head) throw new Error(`There is no ${id}.`);
  const other = memoryStore();
  await other.commit({
    id,
    expect: 'absent',
    create: { kind: head.kind, name: head.name },
    entries: entries.slice(0, count).map(({ key, type, data }) => ({ key, type, data })),
    head: { owner: head.owner, ...(head.status !== '' && { status: head.status }), meta: meta ?? head.meta },
  });
  return other;
}

/** Something to wait for. */
function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open: () => open() };
}

it('what a handler of an exchange has sent leaves once, however often it was called again', async () => {
  const shared = createMemoryDatabase();
  const got: unknown[] = [];
  let fails = 2;
  const join = (id: string, receive: (from: string, body: unknown) => void): Promise<ExchangeMember> => {
    return joinExchange({ store: memoryStore({ shared }), group: 'g', members: ['a', 'b'], state: new Account(id), pollMs: 10, receive });
  };
  const a = await join('a', (_, body) => void got.push(body));
  const b: ExchangeMember = await join('b', (_, body) => {
    b.send('a', `re ${String(body)}`);
    if (fails-- > 0) throw new Error('later');
  });
  await Promise.all([a.ready, b.ready]);
  await a.call(() => a.send('b', 1));
  await a.call(() => a.send('b', 2));
  await vi.waitFor(() => expect(got).toContain('re 2'), 10_000);
  expect(got).toEqual(['re 1', 're 2']);
  await a.leave();
  await b.leave();
});

it('RS5 a channel of which the store has lost the end takes nothing more, instead of leaving a gap', async () => {
  const { store, place } = changing(memoryStore());
  const address = { group: 'g', from: 'a', to: 'b' };
  const writer = await openChannel(createEnvironment(), store, address);
  const send = (n: number): Promise<void> => writer.send({ id: { sender: 'a', incarnation: 0, sequence: n }, data: `m${n}`, notes: {} });
  for (const n of [1, 2, 3]) await send(n);
  place.current = await copied(store, 'channel/g/a/b', 2);
  await expect(send(4)).rejects.toMatchObject({ code: 'STORE_REGRESSION' });
  await expect(send(5)).rejects.toMatchObject({ code: 'STORE_REGRESSION' });
  expect((await readChannel(store, address, 0)).items).toHaveLength(1);
});

it('RS5 a member ends when the store has lost what its group had agreed upon, and can be joined anew', async () => {
  const { store, place } = changing(memoryStore());
  const join = () => joinGroup({ store, group: 'g', members: ['a'], state: new Account('a'), pollMs: 10 });
  const member = await join();
  await member.ready;
  const id = roundStreamOf('g');
  const old = String((await store.load(id, { limit: 0 }))?.head.meta);
  await member.checkpoint();
  place.current = await copied(store, id, 2, old);
  await expect(member.checkpoint()).rejects.toMatchObject({ code: 'STORE_REGRESSION' });
  expect(await member.ended).toMatchObject({ code: 'STORE_REGRESSION' });
  const next = await join();
  await next.ready;
  expect(await next.checkpoint()).toBe(1);
  await next.leave();
});

it('a state that is about to be acknowledged is not swept, though the clock of the store stands still', async () => {
  const shared = createMemoryDatabase();
  const environment = createEnvironment();
  const { clock } = environment;
  let later = 0;
  let isHeld = false;
  const ahead: Environment = { ...environment, clock: Object.assign(Object.create(clock), { monotonic: () => clock.monotonic() + later }) };
  const gates = { scan: gate(), ack: gate(), asked: gate() };
  const held = async (current: Store, change: Change): Promise<Commit> => {
    if (isHeld && change.id === roundStreamOf('g') && change.entries.some(({ type }) => type === 'ack')) {
      gates.asked.open();
      await gates.ack.opened;
    }
    return current.commit(change);
  };
  const first = changing(memoryStore({ shared }), (current) => ({
    scan: async (query) => gates.scan.opened.then(() => current.scan(query)),
    commit: (change) => held(current, change),
  }));
  const second = changing(memoryStore({ shared }), (current) => ({ commit: (change) => held(current, change) }));
  const join = (store: Store, id: string) =>
    joinGroup({ store, group: 'g', members: ['a', 'b'], state: new Account(id), pollMs: 10, environment: ahead });
  const [a, b] = await Promise.all([join(first.store, 'a'), join(second.store, 'b')]);
  await Promise.all([a.ready, b.ready]);
  // Ten deadlines and more.
  later = 200_000;
  await a.checkpoint();
  isHeld = true;
  const round = a.checkpoint();
  await gates.asked.opened;
  gates.scan.open();
  await new Promise((resolve) => setTimeout(resolve, 100));
  gates.ack.open();
  await round;
  const latest = JSON.parse(String((await second.store.load(roundStreamOf('g'), { limit: 0 }))?.head.meta)) as {
    readonly latest: { readonly states: Readonly<Record<string, { readonly stream: string }>> };
  };
  for (const { stream } of Object.values(latest.latest.states)) expect(await second.store.load(stream)).toBeDefined();
  await a.leave();
  await b.leave();
});

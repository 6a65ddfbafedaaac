/* What the tests of several processes run in the others: `node <bundle> <task> <file> <name> <number>`. */
import type { Head } from '@redress/core';
import { loadDriver } from './driver/load.js';
import { sqliteStore } from './sqlite-store.js';

const [, , task, file = '', name = '', count = '0'] = process.argv;
const number = Number(count);

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Commits `number` times by turns to a stream that all processes share and to one of its own. */
async function hammer(): Promise<void> {
  const store = sqliteStore(file);
  const own = `own-${name}`;
  let conflicts = 0;
  for (let i = 0; i < number; i += 1) {
    const id = i % 2 === 0 ? 'shared' : own;
    for (;;) {
      const loaded = await store.load(id, { limit: 0 });
      const entries = [{ key: `${name}-${i}`, type: 'note', data: 'x' }];
      const change = loaded
        ? { id, expect: loaded.head, entries }
        : { id, expect: 'absent' as const, create: { kind: 'test', name: 'n' }, entries };
      try {
        await store.commit(change);
        break;
      } catch (error) {
        if ((error as { code?: unknown }).code !== 'STORE_CONFLICT') throw error;
        conflicts += 1;
      }
    }
  }
  await store.close();
  say(`done ${conflicts}`);
}

/** Sixteen writers without an end, each saying what was answered to it. */
async function write(): Promise<void> {
  const store = sqliteStore(file);
  const writer = async (w: number): Promise<void> => {
    const id = `writer-${w}`;
    let { head } = await store.commit({
      id,
      expect: 'absent',
      create: { kind: 'test', name: 'n' },
      entries: [{ key: 'created', type: 'note', data: 'x' }],
    });
    for (let i = 0; ; i += 1) {
      const entries = [{ key: `k${i}`, type: 'note', data: 'y'.repeat(300) }];
      ({ head } = await store.commit({ id, expect: head, entries, head: { meta: `${i}` } }));
      say(`${id} ${i} ${head.version}`);
    }
  };
  await Promise.all(Array.from({ length: 16 }, (_, w) => writer(w)));
}

/** Sixteen writers for `number` milliseconds, then how many commits were answered, how often refused, and the longest stop of the loop. */
async function flood(): Promise<void> {
  const store = sqliteStore(file);
  let [commits, refused, longest, last] = [0, 0, 0, performance.now()];
  const timer = setInterval(() => {
    longest = Math.max(longest, performance.now() - last - 5);
    last = performance.now();
  }, 5);
  const end = performance.now() + number;
  const writer = async (w: number): Promise<void> => {
    const id = `${name}-${w}`;
    const data = 'z'.repeat(1_000);
    let head: Head | undefined;
    for (let i = 0; performance.now() < end; i += 1) {
      const entries = [{ key: `k${i}`, type: 'note', data }];
      try {
        const change = head
          ? { id, expect: head, entries }
          : { id, expect: 'absent' as const, create: { kind: 'test', name: 'n' }, entries };
        ({ head } = await store.commit(change));
        commits += 1;
        // Reading goes on beside: what has the file open for reading keeps its log from starting anew.
        if (commits % 8 === 0) await store.load(id, { from: i - 8 });
        if (commits === 1) say('writes');
      } catch (error) {
        refused += 1;
        say(`refused ${String(error)}`);
      }
    }
  };
  await Promise.all(Array.from({ length: 16 }, (_, w) => writer(w)));
  clearInterval(timer);
  say(JSON.stringify({ commits, refused, longest }));
  await store.close();
}

/** Holds a read transaction open for `number` milliseconds: it sees the file as it is now. */
function read(): void {
  const connection = loadDriver().open(file);
  connection.exec('BEGIN');
  connection.prepare('SELECT count(*) FROM head').get([]);
  say('reading');
  setTimeout(() => {
    connection.exec('COMMIT');
    connection.close();
  }, number);
}

/** Holds the lock of the file for `number` milliseconds. */
function lock(): void {
  const connection = loadDriver().open(file);
  connection.exec('BEGIN IMMEDIATE');
  say('locked');
  setTimeout(() => {
    connection.exec('COMMIT');
    connection.close();
  }, number);
}

/** Makes the namespace `name`, and holds the lock for `number` milliseconds before anybody can see it. */
function nameIt(): void {
  const connection = loadDriver().open(file);
  connection.exec('BEGIN IMMEDIATE');
  connection.prepare('INSERT INTO namespace (name) VALUES (?)').run([name]);
  say('named');
  setTimeout(() => {
    connection.exec('COMMIT');
    connection.close();
  }, number);
}

/** Opens the file and closes it, with nothing that would put that off. */
function glance(): void {
  const connection = loadDriver().open(file);
  connection.exec('SELECT count(*) FROM head');
  connection.close();
}

/** Adds one stream to the namespace `name`, and says which are there. */
async function visit(): Promise<void> {
  const store = sqliteStore(file, { namespace: name });
  const entries = [{ key: 'k', type: 'note', data: 'x' }];
  await store.commit({ id: `visitor-${process.pid}`, expect: 'absent', create: { kind: 'test', name: 'n' }, entries });
  say((await store.scan({})).heads.map(({ id }) => id.replace(/-.*/, '')).join());
  await store.close();
}

const TASKS: Readonly<Record<string, () => void | Promise<void>>> = { hammer, write, flood, read, lock, name: nameIt, glance, visit };
await TASKS[task ?? '']?.();

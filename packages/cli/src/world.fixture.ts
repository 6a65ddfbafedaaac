import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRuntime, defineSaga, defineStep, sleep, systemClock } from '@redress/core';
import type { Runtime, Store } from '@redress/core';
import { sqliteStore } from '@redress/sqlite';
import type { Io } from './io.js';
import { main } from './main.js';

export interface Told {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface Desk extends Disposable {
  readonly folder: string;
  readonly file: string;
  /** Runs the command as a person would at a terminal, or as a program with `isTerminal: false`. */
  tell(
    line: string | readonly string[],
    io?: Partial<Io> & { readonly stdin?: readonly string[]; readonly answer?: string },
  ): Promise<Told>;
}

/** An empty folder to work in, with `REDRESS_STORE` set to a file in it. */
export function openDesk(): Desk {
  const folder = mkdtempSync(join(tmpdir(), 'redress-cli-'));
  const file = join(folder, 'shop.db');
  return {
    folder,
    file,
    async tell(line, { stdin = [], answer, ...more } = {}) {
      let [out, err] = ['', ''];
      const io = ioOf(folder, {
        out: (text) => void (out += text),
        err: (text) => void (err += text),
        canAsk: answer !== undefined,
        env: { REDRESS_STORE: `sqlite:${file}` },
        async *lines() {
          yield* stdin;
        },
        ask: (question) => {
          err += question;
          return Promise.resolve(answer ?? '');
        },
        ...more,
      });
      const code = await main(typeof line === 'string' ? line.split(' ').filter(Boolean) : line, io);
      return { code, out, err };
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** A terminal in a folder, with nobody at it. */
export function ioOf(cwd: string, more: Partial<Io>): Io {
  return {
    out: () => {},
    err: () => {},
    isTerminal: true,
    canAsk: false,
    columns: 120,
    color: false,
    cwd,
    env: {},
    async *lines() {},
    ask: () => Promise.resolve(''),
    user: () => 'ann',
    now: () => Date.now(),
    signal: new AbortController().signal,
    ...more,
  };
}

/** A shop whose bank may be closed, and whose mail refuses an address. */
export interface Shop {
  readonly runtime: Runtime;
  readonly calls: string[];
  isBankClosed: boolean;
  /** Starts an order and waits until it has ended or is stuck. */
  order(id: string): Promise<void>;
  /** Starts a run that waits for the signal `go`, and waits until it does. */
  wait(id: string): Promise<void>;
  /** Until the run has this status. */
  until(saga: string, id: string, status: string): Promise<void>;
  close(): Promise<void>;
}

export function openShop(file: string, store: Store = sqliteStore(file)): Shop {
  const calls: string[] = [];
  const reserve = defineStep(
    'Stock.reserve',
    { compensate: async () => void calls.push('release'), undo: { total: true } },
    async (sku: string) => ({ hold: `h-${sku}` }),
  );
  const charge = defineStep(
    'Payments.charge',
    {
      compensate: async () => {
        if (shop.isBankClosed) throw new Error('the bank is closed');
        calls.push('refund');
      },
      undo: { total: true, maxRetries: 1, delay: 1 },
    },
    async (order: string, _cents: number) => ({ chargeId: `c-${order}` }),
  );
  const mail = defineStep('Mail.send', { irreversible: 'a mail cannot be unsent; it is sent last' }, async (to: string) => {
    if (!to.endsWith('@good')) throw new Error('no such address');
  });
  const place = defineSaga('place-order', { id: (id: string) => id, tags: (id) => ({ order: id }) }, async (run, id) => {
    await run.step(reserve, 'sku-1');
    await run.step(charge, id, 1999);
    await run.step(mail, id);
  });
  const wait = defineSaga('wait', { id: (id: string) => id }, async (run, _id) => run.receive('go'));
  const runtime = createRuntime({ store, sagas: [place, wait], steps: [reserve, charge, mail], poll: 20 });
  const shop: Shop = {
    runtime,
    calls,
    isBankClosed: true,
    async order(id) {
      await runtime.run(place, [id]).catch(() => {});
    },
    async wait(id) {
      await runtime.start(wait, [id]);
      while ((await runtime.admin.show('wait', id)).steps.length === 0) await sleep(systemClock, 10);
    },
    async until(saga, id, status) {
      while ((await runtime.admin.show(saga, id)).status !== status) await sleep(systemClock, 10);
    },
    async close() {
      await runtime.stop();
      await store.close();
    },
  };
  return shop;
}

/** Times and spans as marks: they are not the same twice. */
export function timeless(text: string): string {
  return text
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, '<moment>')
    .replace(/\b\d+(ms|s|m|h|d) ago\b/g, '<span> ago')
    .replace(/\bin \d+(ms|s|m|h|d)\b/g, 'in <span>')
    .replace(/\(after \d+(ms|s|m)\)/g, '(after <span>)')
    .replace(/ {2}\d+(ms|s) {2,}/g, '  <span>  ')
    .replace(/"(\w*At)":\d+/g, '"$1":0')
    .replace(/"key":"[^"]*"/g, '"key":"<key>"');
}

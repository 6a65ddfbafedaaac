import { createEnvironment, openMessageLog } from '@redress/core';
import type { Environment, LogHandler, MessageLog, MessageLogOptions, Output, Recoverable, RedressEvent, Sink, Store } from '@redress/core';

/** A number that messages add to. */
export class Account implements Recoverable {
  balance = 0;
  handled = 0;
  constructor(readonly id = 'account') {}
  capture(): string {
    return JSON.stringify([this.balance, this.handled]);
  }
  restore(state: string | Uint8Array | undefined): void {
    [this.balance, this.handled] = (state === undefined ? [0, 0] : JSON.parse(String(state))) as [number, number];
  }
  add(cents: number): void {
    this.balance += cents;
    this.handled += 1;
  }
}

/** A sink that keeps what came, by key, and fails while it is told to. */
export class Listener implements Sink {
  readonly kind: Sink['kind'];
  readonly got: Output[] = [];
  failing = false;
  /** Resolves nothing while it is set. */
  blocked: Promise<void> | undefined;

  constructor(kind: Sink['kind'] = 'idempotent') {
    this.kind = kind;
  }

  async deliver(outputs: readonly Output[]): Promise<void> {
    await this.blocked;
    if (this.failing) throw new Error('no line');
    this.got.push(...outputs);
  }

  get keys(): readonly string[] {
    return this.got.map(({ key }) => key);
  }
}

export interface Opened {
  readonly log: MessageLog;
  readonly account: Account;
  readonly events: RedressEvent[];
}

/** A log over an account; each opening is a new process. */
export async function open(store: Store, handle: (account: Account) => LogHandler, more: Partial<MessageLogOptions> = {}): Promise<Opened> {
  const account = new Account();
  const environment: Environment = more.environment ?? createEnvironment();
  const events: RedressEvent[] = [];
  environment.events.on('*', (event) => events.push(event));
  const log = await openMessageLog({ store, state: account, handle: handle(account), redeliverMs: 20, ...more, environment });
  return { log, account, events };
}

/** Adds what it is told. */
export const adding =
  (account: Account): LogHandler =>
  ({ body }) => {
    account.add(body as number);
    return account.balance;
  };

/** A method of what a proxy stands for. */
export function bound(target: object, name: string | symbol): unknown {
  const value = Reflect.get(target, name) as unknown;
  return typeof value === 'function' ? (value.bind(target) as unknown) : value;
}

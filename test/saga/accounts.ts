import { currentScope, defineSaga, defineStep, RefusedError, retry, RetryableError, TerminalError } from '@redress/core';
import type { Probe, ProbeAnswer, RunContext, UndoOf } from '@redress/core';
import type { Process } from './support.js';
import { World } from './support.js';

/** Another run holds the account: nothing happened, and it may pass. */
export class AccountBusy extends RetryableError {
  constructor(account: string, holder: string) {
    super(`${account} is held by ${holder}.`, { code: 'ACCOUNT_BUSY' });
  }
}

/** The account is not as it was read: nothing happened, and no repetition helps. */
export class AccountChanged extends RefusedError {
  constructor(account: string) {
    super(`${account} has changed since it was read.`, { code: 'ACCOUNT_CHANGED' });
  }
}

/** Only who holds an account may release it, and no repetition helps. */
export class NotTheHolder extends TerminalError {
  constructor(account: string, owner: string) {
    super(`${account} is not held by ${owner}.`, { code: 'NOT_THE_HOLDER' });
  }
}

interface Place {
  readonly owner: string;
  /** The calls that hold it: the last one to be undone gives it back. */
  readonly keys: Set<string>;
}

interface Account {
  cents: number;
  version: number;
  /** The runs that want it, in the order in which they came. The first holds it. */
  line: Place[];
}

type HoldUndo = Pick<UndoOf<[account: string], unknown>, 'outcome' | 'forwardKey'>;

/** The user's own records, at the other side of all processes. */
export class Accounts {
  readonly log: string[] = [];
  /** Keys whose call is over: it was undone, or it was a release that is done. */
  private readonly closed = new Set<string>();
  private readonly records: Record<string, Account> = {};
  private readonly posted = new Map<string, { readonly account: string; readonly cents: number }>();

  of(account: string): Account {
    return (this.records[account] ??= { cents: 1_000, version: 1, line: [] });
  }

  holder(account: string): string | undefined {
    return this.of(account).line[0]?.owner;
  }

  hold(account: string, owner: string, key: string): void {
    const holder = this.holder(account);
    if (holder !== undefined && holder !== owner) throw new AccountBusy(account, holder);
    this.enter(account, owner, key);
  }

  /** A place in the line. True: it is the first, and so holds the account. */
  enter(account: string, owner: string, key: string): boolean {
    if (this.closed.has(key)) throw new RefusedError('This call was undone.', { code: 'KEY_CLOSED' });
    const { line } = this.of(account);
    const place = line.find((one) => one.owner === owner);
    if (place) place.keys.add(key);
    else line.push({ owner, keys: new Set([key]) });
    return this.holder(account) === owner;
  }

  /** Takes back one call of `hold` or `enter`, whatever became of it, and closes its key. */
  leave(account: string, owner: string, { outcome, forwardKey }: HoldUndo): void {
    if (this.closed.has(forwardKey)) return;
    const record = this.of(account);
    const place = record.line.find((one) => one.owner === owner);
    if (outcome === 'done' && !place?.keys.has(forwardKey)) throw new NotTheHolder(account, owner);
    this.closed.add(forwardKey);
    place?.keys.delete(forwardKey);
    if (place?.keys.size === 0) record.line = record.line.filter((one) => one !== place);
  }

  /** The owner needs the account no more: all its calls are over. */
  release(account: string, owner: string, key: string): void {
    if (this.closed.has(key)) return;
    const { line } = this.of(account);
    if (line[0]?.owner !== owner) throw new NotTheHolder(account, owner);
    for (const one of [key, ...line[0].keys]) this.closed.add(one);
    line.shift();
  }

  /** One posting for each key. */
  post(account: string, cents: number, key: string): void {
    if (this.closed.has(key)) throw new RefusedError('This call was undone.', { code: 'KEY_CLOSED' });
    if (this.posted.has(key)) return;
    this.posted.set(key, { account, cents });
    this.change(account, cents);
  }

  /** Takes back a posting, whatever became of it, and closes its key. */
  unpost(key: string): void {
    const posting = this.closed.has(key) ? undefined : this.posted.get(key);
    this.closed.add(key);
    if (posting) this.change(posting.account, -posting.cents);
  }

  change(account: string, cents: number): void {
    const record = this.of(account);
    record.cents += cents;
    record.version += 1;
  }
}

export interface Plan {
  readonly id: string;
  readonly accounts: readonly string[];
  /** What it does about an account that another run holds. */
  readonly take?: 'fail' | 'wait' | 'queue' | undefined;
  /** How long it works while it holds each account. */
  readonly workMs?: number;
  /** `pay`: over the pivot to its end. `refuse`: the pivot refuses. */
  readonly end?: 'pay' | 'refuse';
}

function me(): { readonly owner: string; readonly key: string } {
  const { saga, id, key } = currentScope()?.step ?? {};
  if (saga === undefined || id === undefined || key === undefined) throw new Error('Not in a step of a saga.');
  return { owner: `${saga}/${id}`, key };
}

/** Transfers over accounts that they hold, and what the tests change about them. */
function bank() {
  const world = new World();
  const accounts = new Accounts();
  const { log } = accounts;
  const state = {
    creditFails: false,
    beforeHold: async (): Promise<void> => {},
    afterHold: async (): Promise<void> => {},
  };
  const later = (ms: number): Promise<void> => new Promise((resolve) => void world.clock.setTimer(ms, resolve));
  const by = (): string => me().owner.replace('transfer/', '');

  const free = (undo: UndoOf<[account: string], unknown>): void => {
    accounts.leave(undo.args[0], me().owner, undo);
    log.push(`${by()} leaves ${undo.args[0]}`);
  };
  const undo = { compensate: free, undo: { total: true }, refusedOn: [AccountBusy] };
  const mark = async (account: string): Promise<void> => {
    await state.beforeHold();
    accounts.hold(account, me().owner, me().key);
    log.push(`${by()} holds ${account}`);
    await state.afterHold();
  };
  const hold = defineStep('hold', undo, mark);
  const wait = defineStep('wait', { ...undo, policies: [retry({ maxRetries: 20, delay: 100, maxDelay: 500 })] }, mark);
  const queue = defineStep('queue', undo, async (account: string) => accounts.enter(account, me().owner, me().key));
  const work = defineStep('work', { readOnly: true }, later);
  const debit = defineStep(
    'debit',
    {
      undo: { total: true },
      compensate: ({ args: [account], forwardKey }: UndoOf<[account: string, cents: number], void>) => {
        if (state.creditFails) throw new TerminalError('the bank is closed');
        log.push(`${by()} credits ${account}, held by ${accounts.holder(account)?.replace('transfer/', '')}`);
        accounts.unpost(forwardKey);
      },
    },
    async (account: string, cents: number) => accounts.post(account, -cents, me().key),
  );
  const answers = new Map<string, 'done' | 'refused'>();
  const probe = async ({ key }: Probe): Promise<ProbeAnswer<void>> => ({ outcome: answers.get(key) ?? 'absent', result: undefined });
  const pay = defineStep('pay', { pivot: true, irreversible: 'paid is paid', probe }, async (end: string) => {
    answers.set(me().key, end === 'refuse' ? 'refused' : 'done');
    if (end === 'refuse') throw new RefusedError('no such payee');
    log.push(`${by()} pays`);
  });
  const release = defineStep('release', { irreversible: 'somebody else may hold it by now' }, async (account: string) => {
    accounts.release(account, me().owner, me().key);
    log.push(`${by()} releases ${account}`);
  });
  const take = async (run: RunContext, account: string, how: Plan['take']): Promise<void> => {
    if (how !== 'queue') return run.step(how === 'wait' ? wait : hold, account);
    while (!(await run.step(queue, account))) await run.sleep('1m');
  };

  const transfer = defineSaga('transfer', { id: ({ id }: Plan) => id }, async (run, plan: Plan) => {
    for (const account of plan.accounts) {
      await take(run, account, plan.take);
      await run.step(work, plan.workMs ?? 0);
      if (account === plan.accounts[0]) await run.step(debit, account, 100);
    }
    await run.step(pay, plan.end ?? 'pay');
    for (const account of new Set(plan.accounts)) await run.step(release, account);
    return 'paid';
  });
  const steps = { hold, wait, queue, work, debit, pay, release };
  const options = { sagas: [transfer], steps: Object.values(steps), lease: 1_000, poll: 50 } as const;
  return { world, accounts, log, state, transfer, steps, options, later };
}

/** The bank with its processes, and how runs of it end: `paid`, or the codes of the error and of its cause. */
export function openBank() {
  const at = bank();
  const { world, transfer, options } = at;
  const told = (end: Promise<unknown>): Promise<unknown> =>
    end.catch((error: { code: string; cause?: { code?: string } }) => [error.code, error.cause?.code]);
  const end = (promise: Promise<unknown>): Promise<unknown> => world.clock.until(promise);
  const process = (): Process => world.process(options);
  const begin = ({ runtime }: Process, plan: Plan): Promise<unknown> => told(runtime.run(transfer, [plan]));
  const attach = ({ runtime }: Process, id: string): Promise<unknown> => told(runtime.handle(transfer, id).outcome());
  return { ...at, process, begin, attach, told, end };
}

import { currentScope } from '@redress/core';
import { Compensate, Retry, Saga, Step, step } from './index.js';
import type { Undo } from './index.js';

export const reset = (): Error => Object.assign(new Error('reset'), { code: 'ECONNRESET' });

export class Bank {
  readonly keys: string[] = [];
  readonly attempts: number[] = [];
  readonly undone: string[] = [];
  failures = 0;
  scoped: boolean | undefined;

  @Compensate((b: Bank) => b.refund, { total: true })
  @Retry({ maxRetries: 2, delay: 0 })
  async charge(who: string): Promise<string> {
    const { key, attempt } = step();
    this.keys.push(key);
    this.attempts.push(attempt);
    if (this.failures-- > 0) throw reset();
    return `charged ${who}`;
  }

  async refund(undo: Undo<Bank, 'charge'>): Promise<void> {
    this.undone.push(`${undo.outcome}${undo.alsoUnknown ? ' also unknown' : ''}`);
  }

  @Step({ readOnly: true })
  async look(): Promise<string> {
    this.scoped = currentScope() !== undefined;
    return step().key;
  }

  @Step({ readOnly: true })
  plain(fail: boolean): Promise<number> {
    if (fail) throw new Error('at once');
    return Promise.resolve(7);
  }

  @Step({ irreversible: 'a note is a note' })
  async both(who: string): Promise<string[]> {
    return [step().key, await this.look(), await this.charge(who), step().key];
  }

  @Retry({ maxRetries: 2, delay: 0 })
  async outer(): Promise<string> {
    return this.charge('inside');
  }

  @Retry({ maxRetries: 1, delay: 0 })
  async multiplies(): Promise<string> {
    return this.allowed();
  }

  @Retry({ maxRetries: 1, delay: 0, nested: 'allow' })
  async allowed(): Promise<string> {
    this.attempts.push(step().attempt);
    throw reset();
  }
}

export class Teller {
  inBody: unknown;

  constructor(readonly bank: Bank) {}

  @Saga({ id: (id: string) => id })
  async serve(id: string, what: 'charge' | 'both' | 'step' | 'nested' | 'throws'): Promise<unknown> {
    if (what === 'both') return this.bank.both(id);
    if (what === 'step') return step().key;
    if (what === 'nested') return this.serve(`${id}-child`, 'charge');
    const answer = await this.again(id);
    if (what === 'throws') throw new Error('after the charge');
    return answer;
  }

  async again(id: string): Promise<string> {
    return this.bank.charge(id);
  }
}

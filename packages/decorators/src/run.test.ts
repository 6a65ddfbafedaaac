import { createEnvironment } from '@redress/core';
import type { Probe, ProbeAnswer } from '@redress/core';
import { memoryStore } from '@redress/memory';
import { describe, expect, it } from 'vitest';
import { Compensate, redress, run, Saga, Step, step } from './index.js';
import type { Undo } from './index.js';

const log: string[] = [];

class Bank {
  asked = 0;

  @Step({ pivot: true, irreversible: 'settled', probe: (b: Bank) => b.wasPaid })
  async pay(cents: number): Promise<string> {
    log.push(`pay ${cents}`);
    if (cents === 13) throw new Error('reset');
    return 'paid';
  }

  private async wasPaid(asked: Probe): Promise<ProbeAnswer> {
    this.asked += 1;
    return asked.args[0] === 13
      ? { outcome: 'done', result: `paid, says the bank of ${asked.key.split('/').at(-1)}` }
      : { outcome: 'unknown' };
  }
}

class Mails {
  @Saga({ name: 'Mail' })
  async send(text: string): Promise<string> {
    log.push(`mail ${text}`);
    return `sent ${text}`;
  }
}

class Review {
  constructor(
    private bank: Bank,
    private mails: Mails,
  ) {}

  @Compensate((r: Review) => r.forget, { total: true })
  async note(text: string): Promise<string[]> {
    return [await this.mails.send(text), await this.mails.send(text), step().key.split('/').at(-1) ?? ''];
  }

  async forget(undo: Undo<Review, 'note'>): Promise<void> {
    log.push(`forget ${undo.args[0]}`);
  }

  @Saga({ id: (id: string) => id, deadline: '1h' })
  async review(id: string, cents: number): Promise<unknown> {
    const noted = await this.note(id);
    const answer = await run().receive<string>('decision', { timeout: '30m' });
    await run().sleep('1ms');
    if (answer !== 'yes') throw new Error(`decided: ${answer}`);
    return [...noted, await this.bank.pay(cents)];
  }
}

async function shop() {
  log.length = 0;
  const [bank, mails] = [new Bank(), new Mails()];
  const review = new Review(bank, mails);
  const app = await redress({ store: memoryStore(), instances: [bank, mails, review], poll: 20, environment: createEnvironment() });
  return { app, bank, review };
}

describe('the body of a decorated saga', () => {
  it('waits for a signal, sleeps, starts sagas from its steps, and passes a pivot', async () => {
    const { app, bank, review } = await shop();
    const outcome = review.review('r-1', 5);
    await app.start(Review, 'review', 'r-1', 5);
    await app.signal(Review, 'review', 'r-1', 'decision', 'yes');
    expect(await outcome).toEqual(['sent r-1', 'sent r-1', 'Review.note', 'paid']);
    // Two sagas of one step are two runs.
    expect(log).toEqual(['mail r-1', 'mail r-1', 'pay 5']);
    const mails = (await app.admin.list({ saga: 'Mail' })).runs.map(({ id }) => id.replace(/~.*\//, '~/'));
    expect(mails).toEqual(['of Review.review/r-1~/Review.note', 'of Review.review/r-1~/Review.note#2']);
    expect(bank.asked).toBe(0);
    await app.stop();
  });

  it('asks the probe of a pivot in doubt, on the object that is found', async () => {
    const { app, bank, review } = await shop();
    const outcome = review.review('r-2', 13);
    await app.start(Review, 'review', 'r-2', 13);
    await app.signal(Review, 'review', 'r-2', 'decision', 'yes');
    expect(await outcome).toContain('paid, says the bank of Bank.pay');
    expect(bank.asked).toBe(1);
    await app.stop();
  });

  it('goes back when the signal says no', async () => {
    const { app, review } = await shop();
    const outcome = review.review('r-3', 5);
    await app.start(Review, 'review', 'r-3', 5);
    await app.signal(Review, 'review', 'r-3', 'decision', 'no');
    await expect(outcome).rejects.toMatchObject({ code: 'SAGA_COMPENSATED', cause: { message: 'decided: no' } });
    expect(log.at(-1)).toBe('forget r-3');
    await app.stop();
  });

  it('is the only place for run()', () => {
    expect(() => run()).toThrow(/CONFIG_NO_RUN|outside of the body/);
  });
});

import { RefusedError } from '@redress/core';
import type { Probe, ProbeAnswer, Undo } from '@redress/core';
import { Compensate, Retry, run, Saga, Step, step } from '@redress/decorators';
import { inject, singleton } from 'tsyringe';
import { SAGA } from './endings.js';
import { REVIEW } from './reviewer.js';
import { needsReview } from './transfer.js';
import type { Receipt, Transfer, Verdict } from './transfer.js';
import type { Archive } from './world/archive.js';
import type { ClearingHouse, Payment } from './world/clearing-house.js';
import type { Ledger, Posting } from './world/ledger.js';
import type { LimitRegister } from './world/limit-register.js';
import type { Case, ReviewOffice } from './world/review-office.js';

/** Names under which the container finds the remote systems. */
export const LIMIT_REGISTER = Symbol('LimitRegister');
export const LEDGER = Symbol('Ledger');
export const REVIEW_OFFICE = Symbol('ReviewOffice');
export const CLEARING_HOUSE = Symbol('ClearingHouse');
export const ARCHIVE = Symbol('Archive');

const AGAIN = { maxRetries: 4, delay: '20ms' } as const;

@singleton()
export class Limits {
  constructor(@inject(LIMIT_REGISTER) private readonly register: LimitRegister) {}

  /** Reserved, not only looked at: two transfers at once must not both find room. */
  @Compensate((l: Limits) => l.release, { total: true })
  @Retry(AGAIN)
  async reserve(account: string, cents: number): Promise<void> {
    await this.register.reserve(account, cents, { idempotencyKey: step().key });
  }

  async release(undo: Undo<Limits, 'reserve'>): Promise<void> {
    await this.register.releaseByKey(undo.forwardKey, { idempotencyKey: undo.key });
  }
}

@singleton()
export class Accounts {
  constructor(@inject(LEDGER) private readonly ledger: Ledger) {}

  /** Asked before anything is moved, at the same time as the limit. */
  @Step({ readOnly: true })
  @Retry(AGAIN)
  async checkReceiver(account: string): Promise<void> {
    await this.ledger.checkReceiver(account);
  }

  /** Takes the money from the account and puts it in transit. */
  @Compensate((a: Accounts) => a.payBack, { total: true })
  @Retry(AGAIN)
  async debit(transfer: Transfer): Promise<Posting> {
    return this.ledger.debit(transfer, { idempotencyKey: step().key });
  }

  /** Pays back, or closes the key for good when nobody knows whether the debit arrived. */
  async payBack(undo: Undo<Accounts, 'debit'>): Promise<void> {
    await this.ledger.reverseByKey('Accounts.payBack', undo.forwardKey, { idempotencyKey: undo.key });
  }

  /** Cannot be undone, so from here on there is only forward. */
  @Step({ pivot: true, irreversible: 'the receiver may have spent it', probe: (a: Accounts) => a.lookUp })
  @Retry(AGAIN)
  async credit(transfer: Transfer): Promise<Posting> {
    return this.ledger.credit(transfer, { idempotencyKey: step().key });
  }

  /** What became of a credit whose answer was lost. One that never arrived is closed, so that it cannot arrive later. */
  async lookUp({ key }: Probe): Promise<ProbeAnswer<Posting>> {
    const posting = await this.ledger.settle(key);
    return posting ? { outcome: 'done', result: posting } : { outcome: 'refused' };
  }
}

@singleton()
export class Fees {
  constructor(@inject(LEDGER) private readonly ledger: Ledger) {}

  @Compensate((f: Fees) => f.refund, { total: true })
  @Retry(AGAIN)
  async charge(transfer: Transfer): Promise<Posting> {
    return this.ledger.charge(transfer, { idempotencyKey: step().key });
  }

  async refund(undo: Undo<Fees, 'charge'>): Promise<void> {
    await this.ledger.reverseByKey('Fees.refund', undo.forwardKey, { idempotencyKey: undo.key });
  }
}

@singleton()
export class Reviews {
  constructor(@inject(REVIEW_OFFICE) private readonly office: ReviewOffice) {}

  @Compensate((r: Reviews) => r.withdraw, { total: true })
  @Retry(AGAIN)
  async request(transfer: Transfer): Promise<Case> {
    return this.office.request(transfer, { idempotencyKey: step().key });
  }

  async withdraw(undo: Undo<Reviews, 'request'>): Promise<void> {
    await this.office.withdrawByKey(undo.forwardKey, { idempotencyKey: undo.key });
  }
}

@singleton()
export class Clearing {
  constructor(@inject(CLEARING_HOUSE) private readonly house: ClearingHouse) {}

  /** Other banks give nothing back. Nobody answered in time? Nobody sends it again: the clearing house is asked. */
  @Step({ pivot: true, irreversible: 'the other bank has the money', probe: (c: Clearing) => c.lookUp })
  async submit(transfer: Transfer): Promise<Payment> {
    return this.house.submit(transfer, { idempotencyKey: step().key });
  }

  /** What became of a payment. One that never arrived is closed, so that it cannot arrive later. */
  async lookUp({ key }: Probe): Promise<ProbeAnswer<Payment>> {
    const payment = await this.house.settle(key);
    return payment ? { outcome: 'done', result: payment } : { outcome: 'refused' };
  }
}

@singleton()
export class Trail {
  constructor(@inject(ARCHIVE) private readonly archive: Archive) {}

  @Step({ irreversible: 'what is in the audit trail is never struck out' })
  @Retry(AGAIN)
  async record(transfer: Transfer, proof: string): Promise<void> {
    await this.archive.record(transfer, proof, { idempotencyKey: step().key });
  }
}

@singleton()
export class TransferService {
  constructor(
    @inject(Limits) private readonly limits: Limits,
    @inject(Accounts) private readonly accounts: Accounts,
    @inject(Fees) private readonly fees: Fees,
    @inject(Reviews) private readonly reviews: Reviews,
    @inject(Clearing) private readonly clearing: Clearing,
    @inject(Trail) private readonly trail: Trail,
  ) {}

  @Saga({ name: SAGA, id: (transfer: Transfer) => transfer.id })
  async transfer(transfer: Transfer): Promise<Receipt> {
    const stays = transfer.bank === undefined;
    await Promise.all([this.limits.reserve(transfer.from, transfer.cents), stays ? this.accounts.checkReceiver(transfer.to) : undefined]);
    await this.accounts.debit(transfer);
    await this.fees.charge(transfer);
    if (needsReview(transfer)) await this.review(transfer);
    const arrived = stays ? await this.accounts.credit(transfer) : await this.clearing.submit(transfer);
    await this.trail.record(transfer, arrived.id);
    return { proof: arrived.id };
  }

  /** A person decides. Until then no process holds anything of this transfer, and all of them may be restarted. */
  private async review(transfer: Transfer): Promise<void> {
    await this.reviews.request(transfer);
    const verdict = await run().receive<Verdict>(REVIEW);
    if (!verdict?.approved) {
      throw new RefusedError(`${verdict?.by ?? 'Nobody'} declined ${transfer.id}.`, { code: 'REVIEW_DECLINED' });
    }
  }
}

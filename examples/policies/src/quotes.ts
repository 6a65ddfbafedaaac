import { TimeoutError } from '@redress/core';
import {
  Bulkhead,
  CircuitBreaker,
  Detect,
  Fallback,
  Hedge,
  RateLimit,
  Recover,
  Redundant,
  Repair,
  Retry,
  step,
  Timeout,
} from '@redress/decorators';
import { InvalidDataError, ServiceUnavailableError } from './supplier.js';
import type { Supplier } from './supplier.js';

/** Quotes of a shop, which depend on a supplier that is not always well. */
export class Quotes {
  constructor(private readonly supplier: Supplier) {}

  /** Fails now and then in a way that passes. */
  @Retry({ maxRetries: 3, delay: 10 })
  async price(item: string): Promise<number> {
    return this.supplier.ask(`price of ${item}`);
  }

  /** Fails in several ways, and for each there is something to be done. */
  @Timeout(50)
  @Recover(
    [
      { on: TimeoutError, action: 'retry', maxRetries: 2, delay: 0, multiplier: 10 },
      { on: InvalidDataError, action: 'repair', with: (quotes: Quotes) => quotes.tidy },
      { on: ServiceUnavailableError, action: 'fallback', method: (quotes: Quotes) => quotes.ownCatalogue },
    ],
    { action: 'degrade', value: 0 },
  )
  async offer(item: string): Promise<number> {
    return this.supplier.ask(`offer for ${item}`, step().signal);
  }

  /** Answers, and not everything that it answers can be true. */
  @Detect((pieces: number) => pieces >= 0 || `there are ${pieces} pieces`)
  @CircuitBreaker({ requestVolumeThreshold: 3, failureRatio: 1, delay: '200ms' })
  @Repair({ on: 'BAD_RESULT', then: 'continue', with: (quotes: Quotes) => quotes.count })
  async stock(item: string): Promise<number> {
    return this.supplier.ask(`stock of ${item}`);
  }

  /** Heavy: two at a time, and two more may wait. */
  @Bulkhead({ value: 2, waitingTaskQueue: 2 })
  @Fallback({ value: -1, applyOn: ['BULKHEAD_REJECTED'] })
  async picture(item: string): Promise<number> {
    return this.supplier.ask(`picture of ${item}`);
  }

  /** The supplier allows three in a minute. */
  @RateLimit({ value: 3, window: '1m' })
  async report(item: string): Promise<number> {
    return this.supplier.ask(`report on ${item}`);
  }

  /** Now and then slow, without a reason. */
  @Hedge({ delay: 30, maxLoad: 1 })
  async delivery(item: string): Promise<number> {
    return this.supplier.ask(`delivery of ${item}`, step().signal);
  }

  /** One of three scales is off. */
  @Redundant(3)
  async weight(item: string): Promise<number> {
    return this.supplier.ask(`weight of ${item}`);
  }

  protected async tidy(item: string): Promise<[string]> {
    return [item.trim().toLowerCase()];
  }

  protected async ownCatalogue(_item: string): Promise<number> {
    return 21;
  }

  /** Somebody goes and counts. */
  protected async count(_item: string): Promise<number> {
    return 4;
  }
}

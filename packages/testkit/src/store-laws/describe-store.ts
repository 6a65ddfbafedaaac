import type { Store } from '@redress/core';
import { describe, it } from 'vitest';
import type { TestContext } from 'vitest';
import { argumentLaws } from './argument-laws.js';
import { atomicLaws } from './atomic-laws.js';
import { claimLaws } from './claim-laws.js';
import { closeLaws, durableLaws } from './close-laws.js';
import { copyLaws } from './copy-laws.js';
import { dataLaws } from './data-laws.js';
import { dropLaws } from './drop-laws.js';
import { guardLaws } from './guard-laws.js';
import { keyLaws } from './key-laws.js';
import type { Law } from './lab.js';
import { namespaceLaws } from './namespace-laws.js';
import { dueLaws, newsLaws } from './news-laws.js';
import { renewLaws } from './renew-laws.js';
import { scanLaws } from './scan-laws.js';
import type { OpenStoreUnderTest, StoreUnderTest } from './store-under-test.js';
import { timeLaws } from './time-laws.js';
import { trimLaws } from './trim-laws.js';

const FAMILIES: Readonly<Record<string, (law: Law) => void>> = {
  'head and entries': atomicLaws,
  guard: guardLaws,
  keys: keyLaws,
  claims: claimLaws,
  renewals: renewLaws,
  time: timeLaws,
  pages: scanLaws,
  trimming: trimLaws,
  data: dataLaws,
  dropping: dropLaws,
  namespaces: namespaceLaws,
  arguments: argumentLaws,
  copies: copyLaws,
  closing: closeLaws,
};

export interface DescribeStoreOptions {
  /** Why this store cannot be tried here, such as a server that is not running: nothing is run, and the reason is printed. */
  readonly unavailable?: string | undefined;
}

/**
 * The laws of the port `Store`, as a suite of vitest: to be called in the test file of every adapter. Each law gets a
 * database of its own from `open` and works on it over several connections.
 */
export function describeStore(name: string, open: OpenStoreUnderTest, { unavailable }: DescribeStoreOptions = {}): void {
  if (unavailable === undefined) describeLaws(name, open);
  else describeNothing(name, unavailable);
}

function describeLaws(name: string, open: OpenStoreUnderTest): void {
  describe(`${name} keeps the laws of a store`, () => {
    for (const [family, laws] of Object.entries(FAMILIES)) {
      describe(`${family}`, () => {
        laws(prove(open));
      });
    }
    describe('durability', () => {
      durableLaws(prove(open, ({ durable }) => (durable ? undefined : `${name} is not durable: nothing outlives its process`)));
    });
    describe('news', () => {
      newsLaws(prove(open, (_, { watch }) => (watch ? undefined : `${name} tells no news: who waits asks`)));
    });
    describe('the next moment', () => {
      dueLaws(prove(open, (_, { dueIn }) => (dueIn ? undefined : `${name} does not say what is due next: who wants to know claims`)));
    });
  });
}

function describeNothing(name: string, reason: string): void {
  describe(`${name} keeps the laws of a store`, () => {
    // oxlint-disable-next-line vitest/expect-expect -- it says why nothing is expected
    it('as far as it is there', (context) => leaveOut(context, name, reason));
  });
}

/** `missing`: why the law is left out with this store. */
function prove(open: OpenStoreUnderTest, missing?: (under: StoreUnderTest, store: Store) => string | undefined): Law {
  return (sentence, law) => {
    // oxlint-disable-next-line vitest/expect-expect -- the law does
    it(`${sentence}`, async (context) => {
      const under = await open();
      try {
        const store = await under.connect();
        const reason = missing?.(under, store);
        if (reason !== undefined) leaveOut(context, sentence, reason);
        await law({ store, other: await under.connect(), under });
      } finally {
        await under.dispose();
      }
    });
  };
}

/** In print as well, for the usual reporters only count what was skipped. */
function leaveOut(context: TestContext, what: string, reason: string): never {
  process.stdout.write(`Skipped "${what}": ${reason}.\n`);
  return context.skip(reason);
}

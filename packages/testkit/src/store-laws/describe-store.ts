import { describe, it } from 'vitest';
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
import { renewLaws } from './renew-laws.js';
import { scanLaws } from './scan-laws.js';
import type { OpenStoreUnderTest } from './store-under-test.js';
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

/**
 * The laws of the port `Store`, as a suite of vitest: to be called in the test file of every adapter. Each law gets a
 * database of its own from `open` and works on it over several connections.
 */
export function describeStore(name: string, open: OpenStoreUnderTest): void {
  describe(`${name} keeps the laws of a store`, () => {
    for (const [family, laws] of Object.entries(FAMILIES)) describe(family, () => laws(prove(open, () => undefined)));
    describe('durability', () => {
      durableLaws(prove(open, (durable) => (durable ? undefined : `${name} is not durable: nothing outlives its process`)));
    });
  });
}

function prove(open: OpenStoreUnderTest, reasonToSkip: (durable: boolean) => string | undefined): Law {
  return (sentence, law) => {
    it(sentence, async ({ skip }) => {
      const under = await open();
      try {
        const reason = reasonToSkip(under.durable);
        if (reason !== undefined) {
          console.info(`Skipped "${sentence}": ${reason}.`);
          skip(reason);
        }
        await law({ store: await under.connect(), other: await under.connect(), under });
      } finally {
        await under.dispose();
      }
    });
  };
}

import type { Store } from '@redress/core';

/** One empty database, made for one law. */
export interface StoreUnderTest {
  /** A new, real connection to the same database; the same `namespace` (default: one for all) sees the same streams. */
  connect(namespace?: string): Promise<Store>;
  /** True when what was answered outlives all connections. False skips the laws about reopening, and says so. */
  readonly durable: boolean;
  /** Needed when `durable`: closes every connection and whatever serves them; a later `connect` finds what is durable. */
  reopen?(): Promise<void>;
  /** Closes every connection and removes the database. */
  dispose(): Promise<void>;
}

/** Makes an empty database. Called once for each law. */
export type OpenStoreUnderTest = () => Promise<StoreUnderTest>;

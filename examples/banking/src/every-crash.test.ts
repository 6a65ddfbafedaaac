import { createRuntime } from '@redress/core';
import { describe, expect, it } from 'vitest';
import { Bank, broken } from './bank.fixture.js';
import { DyingStore } from './crash.fixture.js';
import { SAGA } from './endings.js';
import { REVIEW } from './reviewer.js';
import { TransferService } from './services.js';
import type { Transfer, Verdict } from './transfer.js';

interface Scenario {
  readonly transfer: Transfer;
  readonly ending: string;
  /** Dying at the clearing house may end it otherwise: the payment that never arrived is closed there. */
  readonly or?: string;
  readonly approved?: boolean;
}

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  'to an account of ours': { transfer: { id: 't-1', from: 'ana', to: 'ben', cents: 20_000 }, ending: 'completed' },
  'to another bank': { transfer: { id: 't-1', from: 'ana', to: 'x', bank: 'NORDBANK', cents: 20_000 }, ending: 'completed', or: 'undone' },
  'to a bank that nobody knows': { transfer: { id: 't-1', from: 'ana', to: 'x', bank: 'GHOSTBANK', cents: 20_000 }, ending: 'undone' },
  'that a person approves': { transfer: { id: 't-1', from: 'ana', to: 'ben', cents: 2_000_000 }, ending: 'completed', approved: true },
  'that a person declines': { transfer: { id: 't-1', from: 'ana', to: 'ben', cents: 2_000_000 }, ending: 'undone', approved: false },
};

describe('the total of all accounts is conserved at every crash point', () => {
  it.each(Object.entries(SCENARIOS))('of a transfer %s', { timeout: 60_000 }, async (_title, scenario) => {
    const places = await tryOne(scenario);
    expect(places.length).toBeGreaterThan(4);
    for (let write = 0; write < places.length; write++) {
      for (const side of ['before', 'after'] as const) await tryOne(scenario, { write, side });
    }
  });
});

/** Runs it, dies at one write, lets another process go on, and checks. Answers the writes of the process that died. */
async function tryOne(
  { transfer, ending, or, approved }: Scenario,
  at?: { readonly write: number; readonly side: 'before' | 'after' },
): Promise<readonly string[]> {
  const bank = new Bank();
  try {
    const store = new DyingStore(bank.store, at);
    const doomed = await bank.start(bank.openWorld(), store);
    const ended = doomed
      .start(TransferService, 'transfer', transfer)
      .then((handle) => handle.outcome())
      .catch(() => {});
    const decided = approved !== undefined && (await decide(bank, approved, store.death));
    if (at) {
      await store.death;
      // Not a cent is missing at the moment of death: what left one account is in another, or in transit.
      const { balance } = await bank.audit();
      expect(balance.accounts + balance.fees + balance.otherBanks + balance.inTransit).toBe(balance.atFirst);
      const second = await bank.start();
      const handle = await second.start(TransferService, 'transfer', transfer);
      if (approved !== undefined && !decided) await decide(bank, approved);
      await handle.outcome({ timeout: '10s' }).catch(() => {});
    } else {
      await ended;
      await doomed.stop();
    }
    const found = await bank.audit(transfer);
    const where = at ? `died ${at.side} ${store.writes[at.write]}` : 'did not die';
    expect({ where, differs: broken(found) }).toEqual({ where, differs: [] });
    expect([ending, or], where).toContain(found.endings.get(transfer.id));
    return store.writes;
  } finally {
    await bank.close();
  }
}

/** The person at the desk: decides when the transfer rests, and says so. False: its process died before. */
async function decide(bank: Bank, approved: boolean, death?: Promise<void>): Promise<boolean> {
  let dead = false;
  void death?.then(() => (dead = true));
  const runtime = createRuntime({ store: bank.store, worker: false });
  for (;;) {
    const [open] = bank.world.reviews.open();
    const head = (await bank.store.load('Transfer/t-1', { limit: 0 }))?.head;
    if (open && head?.owner === null) {
      bank.world.reviews.decide(open.id, approved, 'A. Ferrari');
      await runtime.signal(SAGA, 't-1', REVIEW, { approved, by: 'A. Ferrari' } satisfies Verdict, { key: open.id });
      return true;
    }
    if (dead) return false;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

import { installPeers } from '../bench/peers.mjs';
import { breakers } from './breakers.mjs';
import { calls } from './calls.mjs';
import { loadPeers, redress } from './libraries.mjs';
import { processes } from './processes.mjs';

/** What must hold, by id. */
export const scenarios = { ...breakers, ...calls, ...processes };

/** Redress and the peers, which are installed when they are not there. `skipped`: which are left out, and why. */
export async function libraries(print) {
  const { reason } = installPeers(print, new URL('peers/', import.meta.url));
  const { loaded, skipped } = reason ? { loaded: [], skipped: [reason] } : await loadPeers();
  return { all: [redress, ...loaded], skipped };
}

// Counts the timers that breakers make, and whether they would keep the process alive.
import { createHook } from 'node:async_hooks';
import { loadPeers, redress } from './libraries.mjs';
import { failing } from './tools.mjs';

const [, , name] = process.argv;
// Ours alone where the peers could not be fetched.
const library = name === redress.name ? redress : (await loadPeers()).loaded.find((one) => one.name === name);
let made = 0;
createHook({
  init(_, type) {
    if (type === 'Timeout' || type === 'Timer') made += 1;
  },
}).enable();
const all = Array.from({ length: 1000 }, () => library.breaker({ failures: 1, delayMs: 60_000 }));
await all[0].run(failing).catch(() => undefined);
const holds = process.getActiveResourcesInfo().includes('Timeout');
console.log(JSON.stringify({ made, holds }));
process.exit(0);

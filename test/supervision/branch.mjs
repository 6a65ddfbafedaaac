// node branch.mjs <store> <diary> [manner]: the process of a supervisor with three tellers, which are started in the order a, b, c.
import { childProcess, createSupervisor } from '@redress/core';
import { openStore } from './places.mjs';

const [place, diary, manner] = process.argv.slice(2);
const module = new URL('./teller.mjs', import.meta.url);
const store = await openStore(place);
const supervisor = createSupervisor({
  name: 'branch',
  store,
  intensity: 9,
  children: ['a', 'b', 'c'].map((id) => ({
    id,
    start: childProcess({ module, args: [place, diary, manner === 'deaf-a' && id === 'a' ? 'deaf' : ''] }),
  })),
});
process.once('SIGTERM', () => void supervisor.stop());
await supervisor.start();
console.log('up');
await supervisor.ended;
await store.close();

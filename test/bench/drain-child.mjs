// node drain-child.mjs '<json>': a process with nothing but a worker; it tells its parent how many runs it has ended.
import { open } from './contenders/ours.mjs';

const { url, most } = JSON.parse(process.argv[2]);
const ours = await open({ store: 'redis', url, maxConcurrentRuns: most });
let [ended, told] = [0, 0];
ours.runtime.environment.events.on('saga.completed', () => (ended += 1));
const tell = setInterval(() => {
  if (ended !== told) process.send({ ended: (told = ended) });
}, 5);
process.on('message', () => {
  clearInterval(tell);
  void ours.close().then(() => process.disconnect());
});
process.send({ ended: 0 });

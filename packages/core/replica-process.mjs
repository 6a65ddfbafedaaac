// Runs in the processes of a process replica: see src/redundancy/process-replica.ts. Plain JavaScript, as replica-worker.mjs is.
import { answer } from './replica-worker.mjs';

process.on('message', (message) => {
  if (message?.redress === 'task') void answer(message.body).then(say);
});
// Whoever asked is gone. While a call keeps the process busy it does not notice.
process.once('disconnect', () => process.exit(1));
// Ctrl-C reaches the whole group of processes: the one that asks decides.
for (const signal of ['SIGINT', 'SIGHUP']) process.on(signal, () => {});

function say(body) {
  if (!process.connected) return;
  try {
    process.send({ redress: 'answer', body }, () => {});
  } catch (error) {
    // It cannot be copied.
    process.send({ redress: 'answer', body: { unsendable: error.message } }, () => {});
  }
}

// A supervisor that goes in one of several ways.
import { childProcess, createSupervisor, service, task } from '@redress/core';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';

const [how, file] = process.argv.slice(2);
const module = childProcess({ module: new URL('./child.mjs', import.meta.url), args: ['deaf'], output: 'ignore' });
const command = childProcess({ command: 'sleep', args: ['1000'], output: 'ignore' });
const crash = task(() => {
  throw new Error('again and again');
});
const quiet = service(() => ({ ping: () => true }));

const CHILDREN = {
  exit: [
    { id: 'module', start: module },
    { id: 'command', start: command },
  ],
  kill: [
    { id: 'module', start: module },
    { id: 'command', start: command },
  ],
  stop: [
    { id: 'module', start: module, shutdownMs: 50, heartbeat: {} },
    { id: 'quiet', start: quiet, heartbeat: {} },
  ],
  idle: [{ id: 'quiet', start: quiet, heartbeat: {} }],
  limit: [{ id: 'broken', start: crash }],
};
const supervisor = createSupervisor({ name: 'parent', children: CHILDREN[how] });
await supervisor.start();
if (how === 'exit' || how === 'kill') {
  const children = spawnSync('ps', ['-o', 'pid=,args=', '--ppid', String(process.pid)], { encoding: 'utf8' }).stdout.split('\n');
  const pidOf = (word) =>
    children
      .find((line) => line.includes(word))
      ?.trim()
      .split(' ')[0];
  writeFileSync(file, `${pidOf('child.mjs')} ${pidOf('sleep')}`);
}
if (how === 'exit') process.exit(0);
if (how === 'stop') await supervisor.stop();

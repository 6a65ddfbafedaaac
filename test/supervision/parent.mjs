// A supervisor with a module and a command below it, which goes without a word.
import { childProcess, createSupervisor } from '@redress/core';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';

const [how, file] = process.argv.slice(2);
const supervisor = createSupervisor({
  name: 'parent',
  children: [
    { id: 'module', start: childProcess({ module: new URL('./child.mjs', import.meta.url), args: ['deaf'], output: 'ignore' }) },
    { id: 'command', start: childProcess({ command: 'sleep', args: ['1000'], output: 'ignore' }) },
  ],
});
await supervisor.start();
const children = spawnSync('ps', ['-o', 'pid=,args=', '--ppid', String(process.pid)], { encoding: 'utf8' }).stdout.split('\n');
const pidOf = (word) =>
  children
    .find((line) => line.includes(word))
    ?.trim()
    .split(' ')[0];
writeFileSync(file, `${pidOf('child.mjs')} ${pidOf('sleep')}`);
if (how === 'exit') process.exit(0);

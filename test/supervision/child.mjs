// A process or thread under supervision; what it does stands in its arguments, or in its workerData.
import { serveChild } from '@redress/core';
import { writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { isMainThread, workerData } from 'node:worker_threads';

const [manner = '', file] = isMainThread ? process.argv.slice(2) : workerData;

serveChild(
  async ({ ready, signal, generation, token }) => {
    // A timer of its own keeps a life alive that does not listen to anything.
    const idle = setInterval(() => {}, 1_000);
    if (manner === 'never-ready') {
      writeFileSync(file, String(process.pid));
      await new Promise(() => {});
    }
    if (manner === 'grandchild') {
      const { pid } = spawn('sleep', ['1000'], { stdio: 'ignore' });
      writeFileSync(file, String(pid));
    }
    if (manner === 'token') writeFileSync(file, JSON.stringify({ generation, token }));
    ready();
    if (manner === 'crash') {
      // An error may overtake the message that it is ready: then it was not, and the start fails.
      await new Promise((resolve) => setTimeout(resolve, 50));
      throw new Error('it crashed on purpose');
    }
    if (manner === 'done') return;
    if (manner === 'code') process.exit(3);
    if (manner === 'busy') for (;;);
    if (manner === 'deaf') await new Promise(() => {});
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    clearInterval(idle);
    if (file && manner === 'obedient') writeFileSync(file, 'bye');
  },
  { beatMs: 20 },
);

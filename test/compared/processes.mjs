// What must hold of a process that has breakers: looked at from outside.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const SCRIPT = fileURLToPath(new URL('process-child.mjs', import.meta.url));

async function child(library) {
  const { stdout } = await promisify(execFile)(process.execPath, [SCRIPT, library.name], { timeout: 20_000 });
  return JSON.parse(stdout);
}

export const processes = {
  'CB-16': {
    must: 'a breaker has no timers: a thousand of them, and an open one, leave none behind',
    async run(library) {
      const { made, holds } = await child(library);
      return { right: made === 0 && !holds, seen: `${made} timers for 1,000 breakers${holds ? ', which keep the process' : ''}` };
    },
  },
};

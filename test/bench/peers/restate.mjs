// Restate: its server from npm beside this process, a service whose handler runs three journalled steps, and undo steps in its
// `catch`, as its guide to sagas has it.
// Settings: the server's defaults (24 partitions, what is written is flushed), the service over one HTTP/2 connection, called through the
// ingress without an idempotency key, which is the fastest way; logs off.
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import * as restate from '@restatedev/restate-sdk';
import * as clients from '@restatedev/restate-sdk-clients';
import { act, isRefused, orderOf, STEPS, undo } from '../contenders/order.mjs';
import { freePort } from '../servers.mjs';

// Its SDK wants this of Node 22.
Promise.withResolvers ??= () => {
  const one = {};
  one.promise = new Promise((resolve, reject) => Object.assign(one, { resolve, reject }));
  return one;
};

const orders = restate.service({
  name: 'orders',
  handlers: {
    async place(ctx, order) {
      const done = [];
      try {
        for (const name of STEPS) {
          await ctx.run(name, async () => {
            if (isRefused(name, order)) throw new restate.TerminalError(`${name} was refused`);
            return act(name, order);
          });
          done.push(name);
        }
        return 'done';
      } catch (error) {
        if (!(error instanceof restate.TerminalError)) throw error;
        for (const name of done.toReversed()) await ctx.run(`undo-${name}`, () => undo(name, order));
        return 'undone';
      }
    },
  },
});

async function serverOn(folder) {
  mkdirSync(folder, { recursive: true });
  const [ingress, admin, node] = [await freePort(), await freePort(), await freePort()];
  const binary = createRequire(import.meta.url).resolve(`@restatedev/restate-server-${platform()}-${arch()}/bin/restate-server`);
  const child = spawn(binary, ['--no-logo', '--listen-mode', 'tcp', '--base-dir', folder, '--node-name', 'bench'], {
    stdio: 'ignore',
    env: {
      ...process.env,
      RESTATE_BIND_IP: '127.0.0.1',
      RESTATE_BIND_PORT: String(node),
      RESTATE_INGRESS__BIND_PORT: String(ingress),
      RESTATE_ADMIN__BIND_PORT: String(admin),
      RUST_LOG: 'error',
    },
  });
  process.once('exit', () => child.kill('SIGKILL'));
  return { child, ingress: `http://127.0.0.1:${ingress}`, admin: `http://127.0.0.1:${admin}` };
}

/** Registers the service as soon as the server takes it. */
async function register({ child, admin }, uri) {
  for (let i = 0; i < 150; i++) {
    if (child.exitCode !== null) throw new Error(`restate-server ended with ${child.exitCode}`);
    const answer = await fetch(`${admin}/deployments`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ uri }),
    }).catch(() => undefined);
    if (answer?.ok) return;
    await pause(200);
  }
  throw new Error('restate-server took no deployment within 30 s');
}

export async function open({ folder }) {
  const server = await serverOn(folder);
  const port = await freePort();
  await restate.serve({ services: [orders], port, logger: () => {} });
  await register(server, `http://127.0.0.1:${port}`);
  const client = clients.connect({ url: server.ingress }).serviceClient(orders);
  return {
    durability: 'host',
    one: (i, variant) => client.place(orderOf(variant, i)),
    async close() {
      const gone = new Promise((resolve) => server.child.once('exit', resolve));
      server.child.kill('SIGKILL');
      await gone;
    },
  };
}

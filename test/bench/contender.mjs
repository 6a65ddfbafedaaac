// A contender's process, seen from the suite. All are alike: ours, the limits and the peers.
import { fork } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const CHILD = fileURLToPath(new URL('contender-child.mjs', import.meta.url));
const LONGEST_MS = 60_000;

export class Contender {
  #child;
  #errors = '';
  #keepsGoing;

  /** @throws when it does not start; the message says why. */
  static async start({ key, module, settings, server, keepsGoing = false, env = {} }) {
    const one = new Contender();
    Object.assign(one, { key, server });
    one.#keepsGoing = keepsGoing;
    one.#child = fork(CHILD, [module, JSON.stringify(settings ?? {})], {
      execArgv: ['--no-warnings'],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: { ...process.env, ...env },
    });
    one.#child.stderr.on('data', (text) => (one.#errors = `${one.#errors}${text}`.slice(-4_000)));
    const told = one.#answer();
    try {
      Object.assign(one, await told);
    } catch (error) {
      one.#child.kill('SIGKILL');
      throw error;
    }
    one.#rest();
    return one;
  }

  /** Runs sagas: rate, p50 and p99 in ms, CPU of the process in µs a saga, and what its Redis server has counted. */
  async measure(told) {
    this.#child.kill('SIGCONT');
    // Timers that fell due meanwhile have their say before anything is counted.
    await pause(30);
    const before = await this.server?.stats?.();
    try {
      const answer = this.#answer();
      this.#child.send({ ask: 'measure', told });
      const found = await answer;
      const after = await this.server?.stats?.();
      const perSaga = after && Object.fromEntries(Object.keys(after).map((name) => [name, (after[name] - before[name]) / told.total]));
      return { ...found, redis: perSaga };
    } finally {
      this.#rest();
    }
  }

  async close() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGCONT');
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    const limit = setTimeout(() => this.#child.kill('SIGKILL'), 10_000);
    this.#child.send({ ask: 'close' });
    await ended;
    clearTimeout(limit);
  }

  /** What idles takes time from the one that is measured: polls, timers, heart-beats. */
  #rest() {
    if (!this.#keepsGoing) this.#child.kill('SIGSTOP');
  }

  #answer() {
    const child = this.#child;
    return new Promise((resolve, reject) => {
      const settle = (act) => {
        clearTimeout(limit);
        child.off('message', onMessage).off('exit', onExit);
        act();
      };
      const because = (what) => new Error(`${what}${this.#errors ? `: ${this.#errors.trim().split('\n').slice(0, 6).join(' | ')}` : ''}`);
      const onMessage = ({ answer, error }) => settle(() => (error ? reject(new Error(error)) : resolve(answer)));
      const onExit = (code, signal) => settle(() => reject(because(`its process ended with ${signal ?? code}`)));
      const limit = setTimeout(() => settle(() => reject(because('it did not answer in time'))), LONGEST_MS);
      child.on('message', onMessage).on('exit', onExit);
    });
  }
}

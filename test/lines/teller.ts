import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const CHILD = fileURLToPath(new URL('child.mjs', import.meta.url));

export interface View {
  readonly balance: number;
  readonly incarnation: number;
  readonly checkpoints: readonly number[];
  readonly ghosts: number;
}

type Told = { readonly ready?: true; readonly n?: number; readonly answer?: unknown };

/** One account in a real process. */
export class Teller {
  #n = 0;

  private constructor(private readonly child: ChildProcess) {}

  /** Resolves when it stands on the line. */
  static start(place: string, id: string, balance: number, forced: 'bcs' | 'none'): Promise<Teller> {
    const child = fork(CHILD, [place, id, String(balance), forced], { execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    return new Promise((resolve, reject) => {
      child.once('message', () => resolve(new Teller(child)));
      child.once('exit', (code) => reject(new Error(`${id} ended with ${code} before it was ready.`)));
    });
  }

  checkpoint(): Promise<unknown> {
    return this.#do('checkpoint');
  }

  pay(to: string, amount: number): Promise<unknown> {
    return this.#do('pay', { to, amount });
  }

  look(): Promise<View> {
    return this.#do('look') as Promise<View>;
  }

  /** kill -9 */
  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGKILL');
    await ended;
  }

  #do(act: string, more: object = {}): Promise<unknown> {
    const n = (this.#n += 1);
    return new Promise((resolve, reject) => {
      const hear = (told: Told): void => {
        if (told.n !== n) return;
        this.child.off('message', hear).off('exit', lost);
        resolve(told.answer);
      };
      const lost = (): void => reject(new Error('The process has ended.'));
      this.child.on('message', hear).once('exit', lost);
      this.child.send({ n, act, ...more });
    });
  }
}

import { sleep } from '../base/clock.js';
import type { Clock } from '../base/clock.js';
import { messageOf } from '../base/errors.js';
import { subprocess } from '../base/subprocess.js';
import type { ProcessEnd, Subprocess, SubprocessOptions } from '../base/subprocess.js';
import { asWire } from '../base/wire.js';
import { ReplicaLostError } from './remote.js';
import type { Answer, Task } from './remote.js';

type Said = Answer & { readonly unsendable?: string };

interface Pending {
  resolve(answer: Said): void;
  reject(error: unknown): void;
}

const GRACE_MS = 500;

/** The place of one process: it has one task at a time, and when it is gone the next task begins another. */
export class Station {
  #own: Subprocess | undefined;
  #task: Pending | undefined;
  #closed = false;

  constructor(
    private readonly replica: string,
    private readonly options: SubprocessOptions,
    private readonly clock: Clock,
  ) {}

  /** Resolves when there is no process that is on its way out. */
  async rest(): Promise<void> {
    if (this.#own && isLeaving(this.#own)) await over(this.#own);
  }

  /** Answers when the process does. Killed when `signal` is aborted. @throws the reason of the signal; ReplicaLostError. */
  async ask(task: Task, signal: AbortSignal | undefined): Promise<Answer> {
    // One that has died since its last task, unnoticed, has not got this one: another one is given it.
    const answer = (await this.#give(task, signal)) ?? (await this.#give(task, signal));
    if (!answer) throw this.#lost('it took no task');
    if (answer.unsendable === undefined) return answer;
    throw this.#lost(`its answer cannot be sent: ${answer.unsendable}`);
  }

  /** Undefined when the process surely never got the task. */
  async #give(task: Task, signal: AbortSignal | undefined): Promise<Said | undefined> {
    await this.rest();
    signal?.throwIfAborted();
    if (this.#closed) throw this.#lost('it is closed');
    const own = (this.#own ??= this.#start());
    hold(own, true);
    const abort = (): void => {
      own.signal('SIGKILL');
      this.#task?.reject(signal?.reason);
    };
    try {
      return await new Promise<Said | undefined>((resolve, reject) => {
        this.#task = { resolve, reject };
        signal?.addEventListener('abort', abort, { once: true });
        own.child.send({ redress: 'task', body: task }, (error) => {
          if (!error) return;
          own.signal('SIGKILL');
          resolve(undefined);
        });
      });
    } finally {
      this.#task = undefined;
      signal?.removeEventListener('abort', abort);
      hold(own, false);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    const own = this.#own;
    if (!own) return;
    own.signal('SIGKILL');
    await over(own);
  }

  #start(): Subprocess {
    const own = subprocess(this.options, this.clock, true);
    const task = (): Pending | undefined => (this.#own === own ? this.#task : undefined);
    own.child.on('message', (message) => {
      const wire = asWire(message);
      if (wire?.redress === 'answer') task()?.resolve(wire.body as Said);
    });
    // Without its line it hears of no task. One that is about to end by itself may say how.
    own.child.once('disconnect', () => void sleep(this.clock, GRACE_MS, undefined, true).then(() => own.signal('SIGKILL')));
    const gone = (why: unknown): void => {
      task()?.reject(this.#lost(why));
      if (this.#own === own) this.#own = undefined;
    };
    // One listener for all of its tasks: a promise keeps each until it settles.
    own.ended.then((end) => gone(lastWords(end)), gone);
    return own;
  }

  #lost(why: unknown): ReplicaLostError {
    return new ReplicaLostError(this.replica, typeof why === 'string' ? why : messageOf(why), 'process');
  }
}

function over(own: Subprocess): Promise<unknown> {
  hold(own, true);
  return own.ended.catch(() => undefined);
}

function isLeaving({ child }: Subprocess): boolean {
  return child.killed || child.exitCode !== null || child.signalCode !== null;
}

function lastWords({ code, signal, noise }: ProcessEnd): string {
  const how = signal ? `by ${signal}` : `with code ${code}`;
  const lines = noise.split('\n').filter((line) => line.trim() !== '');
  // Node ends with a stack and its own version.
  const word = lines.find((line) => /^\s*(?:\w*Error|FATAL ERROR)\b/.test(line)) ?? lines.at(-1);
  return word === undefined ? how : `${how}, and wrote: ${word.trim()}`;
}

/** Whether it keeps this process alive. */
function hold({ child }: Subprocess, alive: boolean): void {
  const errors = child.stderr as { ref?(): void; unref?(): void } | null;
  for (const one of [child, child.channel, errors]) {
    if (alive) one?.ref?.();
    else one?.unref?.();
  }
}

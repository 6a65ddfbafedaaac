import { connect, createServer } from 'node:net';
import type { Server as NetServer, Socket } from 'node:net';
import { seededRandom } from '@redress/testkit';

/** What a proxy does to the bytes that pass it. */
type Fault =
  | { readonly is: 'none' }
  | { readonly is: 'delay'; readonly ms: number }
  /** These directions swallow everything; connections stay open, and new ones are taken. */
  | { readonly is: 'dead'; readonly requests: boolean; readonly answers: boolean }
  | { readonly is: 'refuse' }
  | { readonly is: 'lose'; readonly share: number; readonly next: () => number };

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
}

/** A wire between clients and a server on loopback, and all that can happen to a wire. */
export class Proxy {
  /** Answers that were lost. */
  lost = 0;
  readonly #target: number;
  readonly #listener: NetServer;
  readonly #pairs = new Set<Pair>();
  #fault: Fault = { is: 'none' };

  private constructor(target: number, listener: NetServer) {
    this.#target = target;
    this.#listener = listener;
    listener.on('connection', (client) => this.#join(client));
  }

  static async to(target: number): Promise<Proxy> {
    const listener = createServer();
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    return new Proxy(target, listener);
  }

  get port(): number {
    return (this.#listener.address() as { readonly port: number }).port;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** From here on everything passes. What was swallowed stays lost, so connections that lack something are cut. */
  pass(): void {
    const torn = this.#fault.is === 'dead';
    this.#fault = { is: 'none' };
    if (torn) this.cut();
  }

  /** Each direction takes so long. */
  delay(ms: number): void {
    this.#fault = { is: 'delay', ms };
  }

  /** Resets every connection, once. */
  cut(): void {
    for (const pair of [...this.#pairs]) this.#tear(pair);
  }

  /** Resets every connection, and each new one, until `pass`. */
  refuse(): void {
    this.#fault = { is: 'refuse' };
    this.cut();
  }

  /** One direction is dead, and nobody is told: requests arrive and their answers do not, or the other way round. */
  halfOpen(dead: 'requests' | 'answers'): void {
    this.#fault = { is: 'dead', requests: dead === 'requests', answers: dead === 'answers' };
  }

  /** Both directions are dead, and nobody is told. */
  blackHole(): void {
    this.#fault = { is: 'dead', requests: true, answers: true };
  }

  /** Lets requests through, and in that share of cases resets the connection in place of the answer. */
  loseAnswers(share: number, seed: number): void {
    const random = seededRandom(seed);
    this.#fault = { is: 'lose', share, next: () => random.next() };
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#listener.close(resolve));
    this.cut();
    await closed;
  }

  #join(client: Socket): void {
    if (this.#fault.is === 'refuse') {
      client.resetAndDestroy();
      return;
    }
    const pair = { client, server: connect(this.#target, '127.0.0.1') };
    this.#pairs.add(pair);
    for (const socket of [pair.client, pair.server]) {
      socket.setNoDelay(true);
      socket.on('error', () => this.#tear(pair));
      socket.on('close', () => this.#tear(pair));
    }
    const requests = queue((chunk) => pair.server.write(chunk));
    const answers = queue((chunk) => pair.client.write(chunk));
    pair.client.on('data', (chunk) => {
      const fault = this.#fault;
      if (fault.is !== 'dead' || !fault.requests) requests(chunk, fault.is === 'delay' ? fault.ms : 0);
    });
    pair.server.on('data', (chunk) => {
      const fault = this.#fault;
      if (fault.is === 'lose' && fault.next() < fault.share) {
        this.lost += 1;
        this.#tear(pair);
      } else if (fault.is !== 'dead' || !fault.answers) answers(chunk, fault.is === 'delay' ? fault.ms : 0);
    });
  }

  #tear(pair: Pair): void {
    if (!this.#pairs.delete(pair)) return;
    pair.client.resetAndDestroy();
    pair.server.destroy();
  }
}

/** Passes on what it is given after a time, in its order. */
function queue(pass: (chunk: Buffer) => unknown): (chunk: Buffer, ms: number) => void {
  const waiting: { readonly at: number; readonly chunk: Buffer }[] = [];
  const empty = (): void => {
    const now = performance.now();
    for (let first = waiting[0]; first && first.at <= now; first = waiting[0]) {
      waiting.shift();
      pass(first.chunk);
    }
    if (waiting[0]) setTimeout(empty, Math.ceil(waiting[0].at - now));
  };
  return (chunk, ms) => {
    if (ms === 0 && waiting.length === 0) return void pass(chunk);
    waiting.push({ at: performance.now() + ms, chunk });
    if (waiting.length === 1) setTimeout(empty, ms);
  };
}

import { createHash } from 'node:crypto';
import { ConflictError } from '../base/errors.js';
import type { Head, Store } from '../base/store.js';
import { EMPTY, readBoard, Sight, writeBoard } from './board.js';
import type { Board, NodeNote, ProbeNote } from './board.js';
import type { Circuit, CircuitState } from './circuit.js';

/** What all circuits of one breaker have in common here. */
export interface SharedRules {
  readonly store: Store;
  readonly name: string;
  /** This process and breaker; used once. */
  readonly node: string;
  readonly intervalMs: number;
  readonly ttlMs: number;
  /** Undefined: most of those that live, and two at least. */
  readonly quorum: number | undefined;
  now(): number;
  word(): string;
}

/** How often a change is tried when others change the board all the time; then the next exchange has another go. */
const TRIES = 8;

/** One circuit of one node, as the others know it. */
export class SharedCircuit {
  readonly id: string;
  usedAt = -Infinity;
  /** When it exchanges news next. */
  nextAt = -Infinity;
  /** Exchanges in a row that failed. While there are any, it is as if there were no others. */
  failures = 0;
  private readonly sight: Sight;
  private round: number | undefined;
  private reopened = 0;
  /** Its own calls have opened it; with the round in which that was written, if it was. */
  private opened: { in?: number } | undefined;
  /** How its own probe has ended, until that is written. */
  private probed: { readonly isGood: boolean } | undefined;
  private lease: { readonly token: string; readonly safeUntil: number } | undefined;
  private wantsFrom = -Infinity;
  private isListening = false;
  private hasSpoken = false;

  constructor(
    private readonly rules: SharedRules,
    private readonly circuit: Circuit,
  ) {
    this.id = streamOf(rules.name, circuit.key);
    this.sight = new Sight(rules.ttlMs);
  }

  /** Somebody calls, its own probe is under way, or what its calls have found still holds: it has to do with the others. */
  isActive(now: number): boolean {
    const isOpen = this.opened !== undefined && this.circuit.kind === 'open' && !this.circuit.isDue;
    return now - this.usedAt <= this.rules.ttlMs || this.circuit.isProbing || isOpen;
  }

  /** Whether it exchanges news: also once more, to take back what it has said. */
  isConcerned(now: number): boolean {
    return this.isActive(now) || (this.hasSpoken && this.failures === 0);
  }

  /** Whether there is something that cannot wait. */
  get isUrgent(): boolean {
    return this.failures === 0 && (this.probed !== undefined || (this.opened !== undefined && this.opened.in === undefined));
  }

  mayProbe(now: number): boolean {
    return this.failures > 0 || (this.lease !== undefined && now < this.lease.safeUntil);
  }

  /** What has happened here; what was heard of the others is no news to them. */
  changed(from: CircuitState, to: CircuitState): void {
    if (this.isListening) return;
    if (from === 'halfOpen') this.probed = { isGood: to === 'closed' };
    this.opened = to === 'closed' ? undefined : from === 'closed' || to === 'open' ? {} : this.opened;
    if (from === 'halfOpen' && to === 'open') {
      const { delayMs } = this.circuit.rules;
      // Others go first: it may be this node alone that does not get through.
      this.wantsFrom = this.rules.now() + delayMs + 2 * this.rules.intervalMs;
    }
  }

  /** Hears what the others say, and says what there is to say. `isWanted`: asked after each wait. */
  async exchange(isWanted: () => boolean): Promise<void> {
    const { store } = this.rules;
    for (let tries = 0; tries < TRIES; tries++) {
      const head = (await store.load(this.id, { limit: 0 }))?.head;
      if (!isWanted()) return;
      const board = head ? readBoard(head.meta) : EMPTY;
      // A probe that nobody heard of again is found by looking.
      if (this.circuit.isProbing) void this.circuit.state;
      this.hear(board);
      const { probed, opened } = this;
      const startedAt = this.rules.now();
      const said = this.say(board);
      if (said && !(await this.write(said, head))) continue;
      if (!isWanted()) return;
      const { round, reopened, nodes, probe } = said ?? board;
      const mine = nodes[this.rules.node];
      this.round = round;
      this.reopened = reopened;
      if (opened && mine?.openIn !== undefined) opened.in = mine.openIn;
      if (this.probed === probed) this.probed = undefined;
      if (said) this.hold(probe, startedAt);
      this.hasSpoken = mine !== undefined || probe?.node === this.rules.node;
      return;
    }
  }

  private async write(board: Board, head: Head | undefined): Promise<boolean> {
    const { store, name, node } = this.rules;
    const meta = writeBoard(board);
    try {
      if (head) {
        const { version, stamp } = head;
        await store.commit({ id: this.id, expect: { version, stamp }, entries: [], head: { meta } });
        return true;
      }
      const entries = [{ key: 'made', type: 'breaker.made', data: `${node} ${this.rules.word()}` }];
      await store.commit({ id: this.id, expect: 'absent', create: { kind: 'breaker', name }, entries, head: { meta } });
      return true;
    } catch (error) {
      if (error instanceof ConflictError) return false;
      throw error;
    }
  }

  /** The time of a lease is counted from before it was asked for: it ends here before it ends for the others. */
  private hold(probe: ProbeNote | undefined, startedAt: number): void {
    const isMine = probe?.node === this.rules.node;
    this.lease = isMine ? { token: probe.token, safeUntil: startedAt + this.rules.ttlMs } : undefined;
  }

  private hear(board: Board): void {
    const now = this.rules.now();
    this.sight.see(board, now);
    const { round = board.round, reopened } = this;
    const isFirst = this.round === undefined;
    this.round = board.round;
    this.reopened = board.reopened;
    // What was opened after the last exchange is newer than the good probe, or may be.
    const isOver = board.round > round && !(this.opened && this.opened.in === undefined);
    this.isListening = true;
    try {
      if (this.isOpen && isOver) this.close();
      else if (this.isOpen && !isFirst && board.reopened > reopened && !this.mayProbe(now)) this.circuit.prolong();
      else if (!this.isOpen && !this.probed?.isGood) this.followMost(board, now);
    } finally {
      this.isListening = false;
    }
  }

  private get isOpen(): boolean {
    return this.circuit.kind !== 'closed';
  }

  private close(): void {
    this.opened = undefined;
    this.probed = undefined;
    this.circuit.close();
  }

  private others(board: Board, now: number): readonly NodeNote[] {
    const { node } = this.rules;
    return Object.entries(board.nodes).flatMap(([name, note]) => (name !== node && this.sight.isLive(name, now) ? [note] : []));
  }

  /** Opens it when enough others have, whose own calls failed; what one bad node sees is its own affair. */
  private followMost(board: Board, now: number): void {
    const others = this.others(board, now);
    const quorum = this.rules.quorum ?? Math.max(2, Math.floor((others.length + 1) / 2) + 1);
    const open = others.filter(({ openIn }) => openIn === board.round).length;
    if (open >= quorum) this.circuit.open(new Error(`${open} nodes have opened the circuit "${this.rules.name}".`));
  }

  /** The board as this node wants it; undefined: as it is. */
  private say(board: Board): Board | undefined {
    const { node, quorum } = this.rules;
    const now = this.rules.now();
    const isActive = this.isActive(now);
    const probe = this.probeNote(board, now, isActive);
    const isEnded = this.probed !== undefined && board.probe !== undefined && board.probe.token === this.lease?.token;
    const round = board.round + (isEnded && this.probed?.isGood ? 1 : 0);
    const reopened = board.reopened + (isEnded && !this.probed?.isGood ? 1 : 0);
    const gone = Object.keys(board.nodes).filter((name) => name !== node && this.sight.isGone(name, now));
    const known = Object.entries(board.nodes).filter(([name]) => name !== node && !gone.includes(name));
    const mine = board.nodes[node];
    // With a fixed quorum nobody counts those that have nothing to say.
    const speaks = isActive && (quorum === undefined || this.opened !== undefined);
    const own: NodeNote | undefined = speaks ? { beat: (mine?.beat ?? 0) + 1, ...(this.opened && { openIn: round }) } : undefined;
    const isSame = !own && !mine && gone.length === 0 && !isEnded && probe === board.probe;
    if (isSame) return undefined;
    return { round, reopened, nodes: Object.fromEntries(own ? [...known, [node, own]] : known), ...(probe && { probe }) };
  }

  private probeNote({ probe }: Board, now: number, isActive: boolean): ProbeNote | undefined {
    const { node } = this.rules;
    const isDue = this.circuit.isDue;
    if (probe?.node === node) {
      if (!isDue || !isActive || this.probed) return undefined;
      // Also one that was asked for in vain, as it seemed: the answer was lost.
      return { ...probe, beat: probe.beat + 1 };
    }
    const isFree = probe === undefined || this.sight.isProbeLost(now);
    if (!isFree || !isDue || !isActive || this.circuit.isProbing || now < this.wantsFrom) return probe;
    return { node, token: this.rules.word(), beat: 0 };
  }

  /** Takes back what it has said. */
  async leave(): Promise<void> {
    const { store, node } = this.rules;
    this.lease = undefined;
    for (let tries = 0; tries < TRIES; tries++) {
      const head = (await store.load(this.id, { limit: 0 }))?.head;
      if (!head) return;
      const { probe, ...board } = readBoard(head.meta);
      const nodes = Object.fromEntries(Object.entries(board.nodes).filter(([name]) => name !== node));
      const isMine = probe?.node === node;
      if (!isMine && Object.keys(nodes).length === Object.keys(board.nodes).length) return;
      if (await this.write({ ...board, nodes, ...(!isMine && probe && { probe }) }, head)) return;
    }
  }
}

/** A key may be long, or anything: then its digest stands for it. */
function streamOf(name: string, key: string | undefined): string {
  if (key === undefined) return `breaker/${name}`;
  const isPlain = key.length <= 200 && /^[\x20-\x7e]+$/.test(key);
  return `breaker/${name}/${isPlain ? `=${key}` : createHash('sha256').update(key).digest('hex')}`;
}

import { z } from 'zod';
import type { Data } from '../base/store.js';

/** What the nodes of a shared circuit tell each other: in the head of its stream, changed by one of them at a time. */
export interface Board {
  /** Grows with each probe that succeeded: what nodes said in an earlier round is over. */
  readonly round: number;
  /** Grows with each probe that failed. */
  readonly reopened: number;
  readonly nodes: Readonly<Record<string, NodeNote>>;
  /** Who may try whether the circuit can be closed. */
  readonly probe?: ProbeNote | undefined;
}

export interface NodeNote {
  /** Grows with each sign of life: nobody's clock is compared with another one's. */
  readonly beat: number;
  /** The round in which its own calls have opened its circuit. */
  readonly openIn?: number | undefined;
}

export interface ProbeNote {
  readonly node: string;
  readonly token: string;
  readonly beat: number;
}

const count = z.number().int().min(0);
const schema = z.object({
  round: count,
  reopened: count,
  nodes: z.record(z.string(), z.object({ beat: count, openIn: count.optional() })),
  probe: z.object({ node: z.string(), token: z.string(), beat: count }).optional(),
});

export const EMPTY: Board = { round: 0, reopened: 0, nodes: {} };

/** @throws when something else was written there. */
export function readBoard(meta: Data): Board {
  const text = typeof meta === 'string' ? meta : new TextDecoder().decode(meta);
  return text === '' ? EMPTY : schema.parse(JSON.parse(text));
}

export const writeBoard = (board: Board): string => JSON.stringify(board);

interface Seen {
  beat: number;
  at: number;
  /** It has given a sign of life while this node looked. */
  isProven: boolean;
}

/** What one node has seen of the others, by its own clock. */
export class Sight {
  private readonly nodes = new Map<string, Seen>();
  private probe: { readonly token: string; readonly beat: number; readonly at: number } | undefined;
  private lookedAt = -Infinity;

  constructor(private readonly ttlMs: number) {}

  see({ nodes, probe }: Board, now: number): void {
    // Who has not looked for long knows nothing of when the others gave their signs.
    const isFirst = now - this.lookedAt > this.ttlMs;
    this.lookedAt = now;
    for (const name of this.nodes.keys()) if (!Object.hasOwn(nodes, name)) this.nodes.delete(name);
    for (const [name, { beat }] of Object.entries(nodes)) {
      const seen = this.nodes.get(name);
      if (isFirst) this.nodes.set(name, { beat, at: now, isProven: false });
      else if (seen?.beat !== beat) this.nodes.set(name, { beat, at: now, isProven: true });
    }
    const same = this.probe?.token === probe?.token && this.probe?.beat === probe?.beat;
    if (!same) this.probe = probe && { token: probe.token, beat: probe.beat, at: now };
  }

  isLive(name: string, now: number): boolean {
    const seen = this.nodes.get(name);
    return seen !== undefined && seen.isProven && now - seen.at <= this.ttlMs;
  }

  /** Nobody needs what this node has written any more. */
  isGone(name: string, now: number): boolean {
    const seen = this.nodes.get(name);
    return seen !== undefined && now - seen.at > 10 * this.ttlMs;
  }

  /** Its holder has given no sign of life for so long that it does not hold it any more, and knows that itself. */
  isProbeLost(now: number): boolean {
    return this.probe !== undefined && now - this.probe.at > this.ttlMs;
  }
}

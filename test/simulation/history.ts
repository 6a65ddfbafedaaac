import type { NewEntry } from '@redress/core';

/** Something that the store did. `by`: the life that asked for it; `owner`: the life that owns the run from then on. */
export interface CommitRecord {
  readonly kind: 'commit';
  readonly t: number;
  readonly by: string;
  readonly run: string;
  readonly created: boolean;
  readonly version: number;
  readonly owner: string | null;
  readonly wakeAt: number | null;
  readonly status: string;
  readonly entries: readonly NewEntry[];
  /** The store's clock. */
  readonly at: number;
  /** What stands beside the status. */
  readonly meta: string;
}

export interface ClaimRecord {
  readonly kind: 'claim';
  readonly t: number;
  readonly by: string;
  readonly run: string;
  readonly version: number;
  readonly owner: string | null;
  readonly wakeAt: number | null;
  readonly at: number;
}

export interface RenewRecord {
  readonly kind: 'renew';
  readonly t: number;
  readonly by: string;
  readonly run: string;
  readonly version: number;
  readonly owner: string | null;
  readonly wakeAt: number | null;
}

/** The body of a step, or an undo, that a process begins and ends: `call` counts the calls of one key, from 1. */
export interface BodyRecord {
  readonly kind: 'body' | 'body.end';
  readonly t: number;
  readonly by: string;
  readonly run: string;
  readonly op: string;
  readonly key: string;
  readonly attempt: number;
  readonly call: number;
  /** How it ended. */
  readonly ending?: string;
}

export interface UndoRecord {
  readonly kind: 'undo' | 'undo.end';
  readonly t: number;
  readonly by: string;
  readonly run: string;
  readonly op: string;
  readonly key: string;
  readonly forwardKey: string;
  readonly late: boolean;
  readonly outcome: 'done' | 'unknown';
  readonly call: number;
  readonly ending?: string;
}

/** The outside is asked what became of a call, and what it said. */
export interface ProbeRecord {
  readonly kind: 'probe' | 'probe.end';
  readonly t: number;
  readonly by: string;
  readonly run: string;
  readonly op: string;
  readonly key: string;
  readonly call: number;
  readonly ending?: string;
}

/** Something that happened at the outside: it landed, met itself, met a closed key, or was taken back. */
export interface EffectRecord {
  readonly kind: 'effect';
  readonly t: number;
  readonly run: string;
  readonly op: string;
  readonly key: string;
  readonly what: 'landed' | 'absorbed' | 'blocked' | 'taken back' | 'nothing there';
}

/** A caller that starts a run or asks for its outcome, and what it was told. */
export interface CallerRecord {
  readonly kind: 'call' | 'answer';
  readonly t: number;
  readonly by: string;
  readonly run: string;
  readonly caller: number;
  /** The input that it gave; undefined when it only asks. */
  readonly input?: string;
  /** After so many milliseconds the run shall go back. */
  readonly deadline?: number;
  readonly answer?: string;
  /** A result, or a code. */
  readonly value?: string;
}

/** An event that a process published. */
export interface EventRecord {
  readonly kind: 'event';
  readonly t: number;
  readonly by: string;
  readonly run: string;
  readonly name: string;
  readonly step?: string;
}

/** Something done to the processes, the network or the store. */
export interface FaultRecord {
  readonly kind: 'fault';
  readonly t: number;
  readonly what: string;
  readonly by?: string;
  readonly ms?: number;
}

export type SimRecord =
  | CommitRecord
  | ClaimRecord
  | RenewRecord
  | BodyRecord
  | UndoRecord
  | ProbeRecord
  | EffectRecord
  | CallerRecord
  | EventRecord
  | FaultRecord;

/** All that happened in one world, in the order in which it happened, and what is left at its end. */
export interface History {
  readonly seed: number;
  readonly records: readonly SimRecord[];
  /** The store's clock jumped: leases may have ended early, without their owners knowing. */
  readonly clockJumped: boolean;
  /** No fault but those of the steps themselves. */
  readonly calm: boolean;
  /** Everything ended in time. */
  readonly ended: boolean;
  /** Effects at the outside when nothing was on its way any more: key → operation. */
  readonly effects: ReadonlyMap<string, string>;
  /** How long each life waits for running bodies before it undoes. */
  readonly graceMs: ReadonlyMap<string, number>;
  /** Operations whose undo is total. */
  readonly total: ReadonlySet<string>;
  /** Runs of which the number of commits is known: all steps one after the other, none fails, nothing disturbs. */
  readonly sequential: ReadonlyMap<string, number>;
  /** Callers of processes that lived to the end: each must have been answered. */
  readonly waiting: ReadonlySet<number>;
}

/** A record as a line of a log. */
export function line(record: SimRecord): string {
  const { kind, t, ...rest } = record;
  const fields = Object.entries(rest).map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  return `${t.toFixed(1).padStart(9)} ${kind.padEnd(8)} ${fields.join(' ')}`.slice(0, 1_200);
}

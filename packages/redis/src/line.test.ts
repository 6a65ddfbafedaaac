import { EventEmitter } from 'node:events';
import type { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Line } from './line.js';
import { slotOf } from './slot.js';

/** A connection that answers each subscription, and pings while it `answers`. */
class Connection extends EventEmitter {
  answers = true;
  readonly asked: string[] = [];
  unreffed = 0;
  readonly stream = { unref: (): void => void (this.unreffed += 1) };
  connect = async (): Promise<void> => {};
  disconnect = (): void => void this.emit('end');
  ping = async (): Promise<string> => (this.answers ? 'PONG' : new Promise(() => {}));
  ssubscribe = async (...channels: readonly string[]): Promise<void> => void this.asked.push(`+${channels.join()}`);
  sunsubscribe = async (...channels: readonly string[]): Promise<void> => void this.asked.push(`-${channels.join()}`);
}

describe('a connection that listens', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function line(connection = new Connection()) {
    const told: string[] = [];
    const events = {
      message: (channel: string, text: string) => told.push(`${channel}: ${text}`),
      begun: (channels: readonly string[]) => told.push(`begun ${channels.join()}`),
      lost: () => told.push('lost'),
    };
    return { connection, told, line: new Line(connection as unknown as Redis, true, 5_000, events) };
  }

  it('that was cut without a word is found out, and lost once', async () => {
    const { connection, told } = line();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(told).toEqual([]);
    connection.answers = false;
    await vi.advanceTimersByTimeAsync(20_000);
    expect(told).toEqual(['lost']);
    connection.emit('smessage', 'a', 'late');
    connection.emit('error', new Error('late'));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(told).toEqual(['lost']);
  });

  it('is alive though its user may not ping', async () => {
    const { connection, told } = line();
    const refusal = new Error("NOPERM this user has no permissions to run the 'ping' command");
    connection.ping = () => Promise.reject(refusal);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(told).toEqual([]);
  });

  it('keeps no process alive', () => {
    const { connection } = line();
    connection.emit('connect');
    expect(connection.unreffed).toBe(1);
    expect(vi.getTimerCount()).toBe(1);
  });

  it('is lost when its server takes a channel away', () => {
    const { connection, told } = line();
    connection.emit('moved');
    expect(told).toEqual(['lost']);
  });

  it('asks for what is new and gives back what is not wanted, the channels of a slot together', async () => {
    const { connection, told, line: one } = line();
    one.listen(new Set(['{a}1', '{a}2', '{b}1']), slotOf);
    await vi.advanceTimersByTimeAsync(0);
    one.listen(new Set(['{a}2', '{b}1', '{b}2']), slotOf);
    await vi.advanceTimersByTimeAsync(0);
    expect(connection.asked).toEqual(['+{a}1,{a}2', '+{b}1', '-{a}1', '+{b}2']);
    expect(told).toEqual(['begun {a}1,{a}2', 'begun {b}1', 'begun {b}2']);
    expect([...one.heard]).toEqual(['{a}2', '{b}1', '{b}2']);
  });

  it('does not believe that it listens to what it has given back before the answer came', async () => {
    const { told, line: one } = line();
    one.listen(new Set(['a']), slotOf);
    one.listen(new Set(), slotOf);
    await vi.advanceTimersByTimeAsync(0);
    expect([told, [...one.heard]]).toEqual([['begun '], []]);
  });
});

describe('the slot of a channel', () => {
  it('is the one of its hash tag', () => {
    // As a cluster counts them.
    expect(['', 'foo', '123456789', '{user1000}.following', 'foo{}{bar}', '{default:0}:record'].map(slotOf)).toEqual([
      0, 12_182, 12_739, 3_443, 8_363, 6_591,
    ]);
  });
});

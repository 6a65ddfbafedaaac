import { describe, expect, it, vi } from 'vitest';
import { createEventBus } from './events.js';

describe('an event bus', () => {
  it('E19 tells every listener, also after one that throws', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const bus = createEventBus();
    const heard: string[] = [];
    expect(bus.listening).toBe(false);
    bus.on('a', () => {
      throw new Error('listener');
    });
    const off = bus.on('a', () => heard.push('a'));
    bus.on('*', ({ name }) => heard.push(`* ${name}`));
    bus.publish({ name: 'a', at: 0 });
    expect(heard).toEqual(['* listener.failed', 'a', '* a']);
    expect(warn).toHaveBeenCalledOnce();
    off();
    off();
    bus.publish({ name: 'a', at: 0 });
    expect(heard).toEqual(['* listener.failed', 'a', '* a', '* listener.failed', '* a']);
    expect(bus.listening).toBe(true);
    warn.mockRestore();
  });

  it('MT-03 tells of a listener that threw, and of one that throws at that once', () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const bus = createEventBus();
    const error = new Error('listener');
    const failed: unknown[] = [];
    bus.on('*', () => {
      throw error;
    });
    bus.on('listener.failed', (event) => failed.push(event));
    bus.publish({ name: 'a', at: 7 });
    expect(failed).toEqual([{ name: 'listener.failed', at: 7, error, details: { event: 'a' } }]);
    expect(warn).toHaveBeenCalledTimes(2);
    warn.mockRestore();
  });

  it('knows whether somebody asks for a name, which who asks for all does not', () => {
    const bus = createEventBus();
    bus.on('*', () => {});
    const off = bus.on('a', () => {});
    expect([bus.hears?.('a'), bus.hears?.('b')]).toEqual([true, false]);
    off();
    expect(bus.hears?.('a')).toBe(false);
  });
});

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
    expect(heard).toEqual(['a', '* a']);
    expect(warn).toHaveBeenCalledOnce();
    off();
    off();
    bus.publish({ name: 'a', at: 0 });
    expect(heard).toEqual(['a', '* a', '* a']);
    expect(bus.listening).toBe(true);
    warn.mockRestore();
  });
});

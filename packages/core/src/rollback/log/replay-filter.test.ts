import { describe, expect, it } from 'vitest';
import type { Entry } from '../../base/store.js';
import { ReplayFilter } from './replay-filter.js';
import type { ReplayMode } from './types.js';

describe('ML8 the filter of a replay', () => {
  const entry = (key: string, index: number): Entry => ({ key, index, type: 'records', data: '', at: 0 });
  const run = (mode: ReplayMode, ...keys: string[]): { readonly passed: string; readonly stale: string } => {
    const stale: string[] = [];
    const filter = new ReplayFilter(mode, ({ key }) => {
      stale.push(key);
      if (mode === 'fail') throw new Error(key);
    });
    const passed: string[] = [];
    try {
      keys.forEach((key, i) => void (filter.takes(entry(key, i)) && passed.push(key)));
    } catch {
      passed.push('stop');
    }
    return { passed: passed.join(' '), stale: stale.join(' ') };
  };
  const one = ['1.0', '1.1', '1.2'];
  const overlapping = ['1.0', '1.1', '2.0', '1.2', '2.1'];
  const several = ['1.0', '2.0', '3.0', '1.1', '2.1', '3.1'];

  it.each([
    ['fail', one, '1.0 1.1 1.2', ''],
    ['fail', ['1.0', '1.1', '2.0', '2.1', '5.0'], '1.0 1.1 2.0 2.1 5.0', ''],
    ['fail', overlapping, '1.0 1.1 2.0 stop', '1.2'],
    ['fail', several, '1.0 2.0 3.0 stop', '1.1'],
    ['repair', one, '1.0 1.1 1.2', ''],
    ['repair', overlapping, '1.0 1.1 2.0 2.1', '1.2'],
    ['repair', several, '1.0 2.0 3.0 3.1', '1.1 2.1'],
    ['warn', one, '1.0 1.1 1.2', ''],
    ['warn', overlapping, overlapping.join(' '), '1.2'],
    ['warn', several, several.join(' '), '1.1 2.1'],
    ['off', overlapping, overlapping.join(' '), ''],
    ['off', several, several.join(' '), ''],
  ] as const)('%s: %s', (mode, keys, passed, stale) => {
    expect(run(mode, ...keys)).toEqual({ passed, stale });
  });
});

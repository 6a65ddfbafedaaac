import { checkpointed, TrackedMap } from '@redress/core';
import { createMemoryDatabase, memoryStore } from '@redress/memory';
import { expect, it } from 'vitest';
import { probes, same } from '../../packages/core/src/rollback/checkpoint/probes.fixture.js';

class Holder {
  field: unknown;
  readonly entries = new TrackedMap<string, unknown>();
}

it.each(probes)(
  'CK1 %s in a field and in an entry, saved and restored by another process, is as it was, or the save is refused',
  async (_, value, fate) => {
    const shared = createMemoryDatabase();
    const open = () => {
      const holder = new Holder();
      return { holder, handle: checkpointed(holder, { id: 'p', fields: ['field', 'entries'], store: memoryStore({ shared }) }) };
    };
    const first = open();
    await first.handle.save();
    await first.handle.run('set', () => {
      first.holder.field = value;
      first.holder.entries.set('beside', 1).set('value', value);
    });
    const saved = await first.handle.save().then(
      () => 'kept',
      (error: { readonly code?: string; readonly path?: string }) =>
        `${error.code} ${/^(field|entries\.get\("value"\))/.test(error.path ?? '')}`,
    );
    expect(saved).toBe(fate === 'kept' ? 'kept' : 'CHECKPOINT_VALUE true');
    const second = open();
    await second.handle.start();
    const { field, entries } = second.holder;
    const wanted = fate === 'kept' ? value : undefined;
    expect([same(field, wanted), same(entries.get('value'), wanted), entries.size]).toEqual([true, true, fate === 'kept' ? 2 : 0]);
  },
);

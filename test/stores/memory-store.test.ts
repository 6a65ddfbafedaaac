import type { Store } from '@redress/core';
import { describeStore } from '@redress/testkit';
import { createMemoryDatabase, memoryStore } from '@redress/memory';

describeStore('memoryStore', async () => {
  const shared = createMemoryDatabase();
  const stores: Store[] = [];
  return {
    durable: false,
    async connect(namespace = 'default') {
      const store = memoryStore({ shared, namespace });
      stores.push(store);
      return store;
    },
    async dispose() {
      for (const store of stores) await store.close();
    },
  };
});

// A process that has called through a shared breaker, with an open circuit, and has nothing more to do: it ends.
import { circuitBreaker, guard } from '@redress/core';
import { memoryStore } from '@redress/memory';

const breaker = circuitBreaker({ requestVolumeThreshold: 1, delay: '1h', shared: { store: memoryStore(), name: 'bank', interval: 10 } });
const guarded = guard(() => Promise.reject(new Error('down')), breaker);
await guarded().catch(() => {});
await new Promise((resolve) => setTimeout(resolve, 100));
process.stdout.write(breaker.state());

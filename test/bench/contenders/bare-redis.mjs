// The limit: ioredis with nothing above it. A saga is as many compare-and-append scripts as ours has commits, one after the
// other, each with as many bytes; the least that an optimistic journal can do.
import { Redis } from 'ioredis';

// One HGET to compare, one HSET that writes the new version and the entry under it.
const APPEND = `
if (redis.call('HGET', KEYS[1], 'v') or '0') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'v', ARGV[2], ARGV[2], ARGV[3])
return 1`;

export async function open({ url, shape, autoPipelining, durability }) {
  const client = new Redis(url, { enableAutoPipelining: autoPipelining });
  const digest = await client.script('LOAD', APPEND);
  const data = Object.fromEntries(Object.entries(shape).map(([variant, { bytes }]) => [variant, 'x'.repeat(bytes)]));
  const kept = `bare${autoPipelining ? '-auto' : ''}`;
  return {
    durability,
    isLimit: true,
    async one(i, variant) {
      const key = `${kept}:${variant}-${i}`;
      for (let version = 0; version < shape[variant].commits; version++) {
        const applied = await client.evalsha(digest, 1, key, version, version + 1, data[variant]);
        if (applied !== 1) throw new Error(`version ${version} of ${key} was refused`);
      }
      return variant;
    },
    close: async () => void (await client.quit()),
  };
}

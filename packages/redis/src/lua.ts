import { createHash } from 'node:crypto';

/** A Lua script, called by its digest. */
export interface Script {
  readonly source: string;
  /** SHA-1 in hexadecimal, as Redis counts it. */
  readonly digest: string;
}

/**
 * The moment of a script in milliseconds: the server's, but never below `floor`, nor below what the record of any partition
 * among KEYS[first] to KEYS[last] has handed out. A number as text keeps all its digits.
 */
export const TIME = `
local function text(number) return string.format('%.17g', number) end
local function moment(floor, first, last)
  local time = redis.call('TIME')
  local now = math.max(time[1] * 1000 + math.floor(time[2] / 1000), tonumber(floor))
  for i = first, last do now = math.max(now, tonumber(redis.call('HGET', KEYS[i], 'at') or 0)) end
  return now
end
`;

/** Tells the parts of a stored head apart: version, stamp, claims, owner, and the rest. */
export const PARTS = `
local PARTS = '^(%d+)%z([^%z]*)%z(%d+)%z([^%z]*)%z(.*)$'
`;

export function script(...parts: readonly string[]): Script {
  const source = parts.join('').trim();
  return { source, digest: createHash('sha1').update(source).digest('hex') };
}

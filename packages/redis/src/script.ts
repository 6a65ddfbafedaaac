import { COMMIT } from './commit-script.js';
import { PARTS, script, TIME } from './lua.js';
import type { Script } from './lua.js';

/** KEYS: stream. ARGV: from, limit or the empty text. Answers h, w, m, the first index, and entries from there on. */
export const LOAD = script(`
local found = redis.call('HMGET', KEYS[1], 'h', 'w', 'm')
if not found[1] then return false end
local length, trimmed = string.match(found[1], '^%d+%z[^%z]*%z%d+%z[^%z]*%z(%d+)%z(%d+)%z')
local first = math.max(tonumber(ARGV[1]), tonumber(trimmed))
local last = tonumber(length) - 1
if ARGV[2] ~= '' then last = math.min(last, first + tonumber(ARGV[2]) - 1) end
local answer = {found[1], found[2] or '', found[3] or '', string.format('%.0f', first)}
local at = first
while at <= last do
  local fields = {}
  for i = at, math.min(last, at + 999) do fields[#fields + 1] = string.format('%.0f', i) end
  for _, entry in ipairs(redis.call('HMGET', KEYS[1], unpack(fields))) do answer[#answer + 1] = entry end
  at = at + 1000
end
return answer
`);

/**
 * What is due, without taking it. KEYS: records of some partitions, then due sets. ARGV: floor, how many records, limit for
 * each set. Answers the moment, then for each set ids and moments in turn.
 */
export const DUE = script(
  TIME,
  `
local records = tonumber(ARGV[2])
local now = text(moment(ARGV[1], 1, records))
local answer = {now}
for i = records + 1, #KEYS do
  answer[#answer + 1] = redis.call('ZRANGE', KEYS[i], '-inf', now, 'BYSCORE', 'LIMIT', 0, ARGV[3], 'WITHSCORES')
end
return answer
`,
);

/** KEYS: records of some partitions, then due sets. ARGV: floor, how many records. Answers the moment, and the first that is due. */
export const FIRST = script(
  TIME,
  `
local records = tonumber(ARGV[2])
local first = ''
for i = records + 1, #KEYS do
  local at = redis.call('ZRANGE', KEYS[i], 0, 0, 'WITHSCORES')[2]
  if at and (first == '' or tonumber(at) < tonumber(first)) then first = at end
end
return {text(moment(ARGV[1], 1, records)), first}
`,
);

/** KEYS: the record of a partition. ARGV: how to tell. Fails where news cannot be told so. */
export const TELL = script(`return redis.call(ARGV[1], KEYS[1], '')`);

/**
 * KEYS: record, then a stream and its due set for each. ARGV: floor, owner, leaseMs, then for each id, pair, new stamp.
 * Those that are due by their own head are taken; where the due set says otherwise than the head, it is mended. Answers its
 * moment, then for each h, w and m, or nothing.
 */
export const CLAIM = script(
  TIME,
  PARTS,
  `
local now = moment(ARGV[1], 1, 1)
local wake = text(now + tonumber(ARGV[3]))
local answer = {text(now)}
for i = 1, (#KEYS - 1) / 2 do
  local stream, due = KEYS[2 * i], KEYS[2 * i + 1]
  local id, pair, stamp = ARGV[1 + 3 * i], ARGV[2 + 3 * i], ARGV[3 + 3 * i]
  local found = redis.call('HMGET', stream, 'h', 'w', 'm')
  local taken = false
  local version, _, claims, _, rest = string.match(found[1] or '', PARTS)
  local kept = rest and string.match(rest, '^%d+%z%d+%z(.*)$') or ''
  if (found[2] or '') == '' or string.sub(kept, 1, #pair + 1) ~= pair .. '\\0' then redis.call('ZREM', due, id)
  elseif tonumber(found[2]) > now then redis.call('ZADD', due, found[2], id)
  else
    local head = table.concat({text(version + 1), stamp, text(claims + 1), ARGV[2], rest}, '\\0')
    redis.call('HSET', stream, 'h', head, 'w', wake)
    redis.call('ZADD', due, wake, id)
    taken = {head, wake, found[3] or ''}
  end
  answer[i + 1] = taken
end
return answer
`,
);

/**
 * KEYS: record, then a stream and its due set for each. ARGV: floor, owner, leaseMs, then for each id and pair. Answers its
 * moment, then for each version and owner, or nothing when there is no such stream; and its head, and nothing is moved, when
 * its pair is another one than the caller thinks.
 */
export const RENEW = script(
  TIME,
  PARTS,
  `
local now = moment(ARGV[1], 1, 1)
local wake = text(now + tonumber(ARGV[3]))
local answer = {text(now)}
for i = 1, (#KEYS - 1) / 2 do
  local stream, due = KEYS[2 * i], KEYS[2 * i + 1]
  local id, pair = ARGV[2 + 2 * i], ARGV[3 + 2 * i]
  local head = redis.call('HGET', stream, 'h')
  local found = false
  if head then
    local version, _, _, owner, rest = string.match(head, PARTS)
    found = {version, owner}
    if owner == ARGV[2] then
      local kept = string.match(rest, '^%d+%z%d+%z(.*)$')
      if string.sub(kept, 1, #pair + 1) == pair .. '\\0' then
        redis.call('HSET', stream, 'w', wake)
        redis.call('ZADD', due, wake, id)
      else found[3] = string.match(kept, '^[^%z]*%z[^%z]*') end
    end
  end
  answer[i + 1] = found
end
return answer
`,
);

/**
 * KEYS: stream, record, due set, index. ARGV: guard, floor, id, then members of the index. Answers 1 when dropped, 0 when
 * there is none, else the head that does not fit.
 */
export const DROP = script(
  TIME,
  `
local head = redis.call('HGET', KEYS[1], 'h')
if not head then return 0 end
if string.sub(head, 1, #ARGV[1]) ~= ARGV[1] then return head end
redis.call('HSET', KEYS[2], 'at', text(moment(ARGV[2], 2, 2)))
redis.call('ZREM', KEYS[3], ARGV[3])
for i = 4, #ARGV do redis.call('ZREM', KEYS[4], ARGV[i]) end
redis.call('UNLINK', KEYS[1])
return 1
`,
);

/** KEYS: due set. ARGV: least moment, how many to skip, at most how many. Answers ids and moments in turn, in every protocol. */
export const WAKES = script(`
return redis.call('ZRANGE', KEYS[1], ARGV[1], '+inf', 'BYSCORE', 'LIMIT', ARGV[2], ARGV[3], 'WITHSCORES')
`);

/** KEYS: records of some partitions. ARGV: floor. Answers their moment. */
export const NOW = script(TIME, `return text(moment(ARGV[1], 1, #KEYS))`);

/**
 * KEYS: record, index, a stream and a due set that are never used. ARGV: format, number of partitions. Writes both down when
 * nobody has, and tries each command that the other scripts use, to no effect. Answers format and number as written down.
 */
export const OPEN = script(
  TIME,
  `
if ARGV[3] == '0' and redis.call('EXISTS', KEYS[1]) == 0 then return {ARGV[1], '0'} end
redis.call('HSETNX', KEYS[1], 'format', ARGV[1])
redis.call('HSETNX', KEYS[1], 'partitions', ARGV[2])
moment(0, 1, 1)
redis.call('HDEL', KEYS[3], 'h')
redis.call('UNLINK', KEYS[3])
redis.call('ZADD', KEYS[4], 'XX', 0, '')
redis.call('ZREM', KEYS[4], '')
redis.call('ZRANGE', KEYS[4], '-inf', 0, 'BYSCORE', 'LIMIT', 0, 1)
redis.call('HSET', KEYS[1], 'opened', '')
return redis.call('HMGET', KEYS[1], 'format', 'partitions')
`,
);

export const SCRIPTS: readonly Script[] = [LOAD, COMMIT, DUE, FIRST, CLAIM, RENEW, DROP, WAKES, NOW, OPEN];

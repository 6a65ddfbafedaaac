import { createHash } from 'node:crypto';
import { SOON_MS } from '@redress/core';

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
const TIME = `
local function text(number) return string.format('%.17g', number) end
local function moment(floor, first, last)
  local time = redis.call('TIME')
  local now = math.max(time[1] * 1000 + math.floor(time[2] / 1000), tonumber(floor))
  for i = first, last do now = math.max(now, tonumber(redis.call('HGET', KEYS[i], 'at') or 0)) end
  return now
end
`;

/** Tells the parts of a stored head apart: version, stamp, claims, owner, and the rest. */
const PARTS = `
local PARTS = '^(%d+)%z([^%z]*)%z(%d+)%z([^%z]*)%z(.*)$'
`;

function script(...parts: readonly string[]): Script {
  const source = parts.join('').trim();
  return { source, digest: createHash('sha1').update(source).digest('hex') };
}

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
 * KEYS: stream, record, due set, index. ARGV: 1 the guard (empty: expects no stream), 2 floor, 3 id, 4 the new head, 5 wake
 * (empty: stays, `never`, `=` a moment, `+` milliseconds from now), 6 meta (empty: stays), 7 index of the first new entry,
 * 8 and 9 the entries to forget (from, below), 10 the pair when it is new, 11 to 13 how many: entries, members of the index to
 * take out, members to put in; then for each entry `k` and its key, type and key and data; then those members. Last, how to tell the news
 * (empty: not at all), and the pair. Whoever may not tell them has written all the same.
 * In the good case it answers 1, its moment and wakeAt. Otherwise nothing is written, and it answers 0, for each entry
 * 0 absent, 1 equal, 2 other, 3 trimmed, then h, w and m.
 */
export const COMMIT = script(
  TIME,
  `
local stream, record, due, index = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local guard, count = ARGV[1], tonumber(ARGV[11])
local fields = {'h', 'w'}
for i = 1, count do fields[i + 2] = ARGV[12 + 2 * i] end
local found = redis.call('HMGET', stream, unpack(fields))
local head = found[1]
local free = true
for i = 3, count + 2 do if found[i] then free = false end end
local fits
if guard == '' then fits = not head else fits = head and string.sub(head, 1, #guard) == guard end

if not (free and fits) then
  if not head then return {0} end
  local trimmed = tonumber(string.match(head, '^%d+%z[^%z]*%z%d+%z[^%z]*%z%d+%z(%d+)%z'))
  local judged = {}
  for i = 1, count do
    local at = found[i + 2]
    if not at then judged[i] = '0'
    elseif tonumber(at) < trimmed then judged[i] = '3'
    else
      local entry = redis.call('HGET', stream, at)
      local same = string.sub(entry, string.find(entry, '%z') + 1) == ARGV[13 + 2 * i]
      judged[i] = same and '1' or '2'
    end
  end
  return {0, table.concat(judged), head, found[2] or '', redis.call('HGET', stream, 'm') or ''}
end

local mark = tonumber(redis.call('HGET', record, 'at') or 0)
local now = math.max(moment(ARGV[2], 1, 0), mark)
local wake = ARGV[5]
local moves = wake ~= ''
if not moves then wake = found[2] or ''
elseif wake == 'never' then wake = ''
elseif string.sub(wake, 1, 1) == '+' then wake = text(now + tonumber(string.sub(wake, 2)))
else wake = string.sub(wake, 2) end

local at = text(now)
local set = {'h', ARGV[4]}
if moves and wake ~= '' then set[3] = 'w' set[4] = wake end
if ARGV[6] ~= '' then set[#set + 1] = 'm' set[#set + 1] = ARGV[6] end
local first = tonumber(ARGV[7])
for i = 1, count do
  local n, place = #set, string.format('%.0f', first + i - 1)
  set[n + 1] = ARGV[12 + 2 * i]
  set[n + 2] = place
  set[n + 3] = place
  set[n + 4] = at .. '\\0' .. ARGV[13 + 2 * i]
end
redis.call('HSET', stream, unpack(set))

if ARGV[10] ~= '' then redis.call('HSET', record, 'at', at, 'n' .. ARGV[10], '')
elseif now > mark then redis.call('HSET', record, 'at', at) end
if moves then
  if wake ~= '' then redis.call('ZADD', due, wake, ARGV[3])
  else
    redis.call('HDEL', stream, 'w')
    redis.call('ZREM', due, ARGV[3])
  end
end
local gone = {}
for i = tonumber(ARGV[8]), tonumber(ARGV[9]) - 1 do
  gone[#gone + 1] = string.format('%.0f', i)
  if #gone == 1000 then redis.call('HDEL', stream, unpack(gone)) gone = {} end
end
if #gone > 0 then redis.call('HDEL', stream, unpack(gone)) end
local next = 13 + 2 * count
for i = next + 1, next + tonumber(ARGV[12]) do redis.call('ZREM', index, ARGV[i]) end
next = next + tonumber(ARGV[12])
for i = next + 1, next + tonumber(ARGV[13]) do redis.call('ZADD', index, 0, ARGV[i]) end
local voice = ARGV[#ARGV - 1]
if voice ~= '' then
  redis.pcall(voice, stream, '')
  local left = wake ~= '' and math.max(tonumber(wake) - now, 0)
  if left and left <= ${SOON_MS} then redis.pcall(voice, record, text(left) .. '\\0' .. ARGV[#ARGV]) end
end
return {1, at, wake}
`,
);

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
  if not found[2] or string.sub(kept, 1, #pair + 1) ~= pair .. '\\0' then redis.call('ZREM', due, id)
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

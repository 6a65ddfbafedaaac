import { SOON_MS } from '@redress/core';
import { script, TIME } from './lua.js';

/**
 * Commits that were asked for in one turn, each judged by itself, all at one moment. KEYS: the stream of each, then the records,
 * indexes and due sets of their partitions: a server that moves a slot must know of all, or a commit would meet a half of it. The
 * script makes their names from the stream's. ARGV: floor, how many commits, then for each
 * - flags, how many entries, index of the first of them, and the guard (empty: expects no stream), with NUL between them;
 * - the new head;
 * - with the flag `w`: wake (`never`, `=` a moment, `+` milliseconds from now), name of the due set, id;
 * - with `i`: how many members of the index to take out and to put in, and those members;
 * - with `s`: the sort, when it may be new;
 * - with `t`: the entries to forget (from, below);
 * - with `v`: how to tell the news, and the pair; whoever may not tell them has written all the same;
 * - with `m`: meta;
 * - of each entry type, key and data.
 * Answers its moment and a word for each commit: `+` and wakeAt when it is applied. Else nothing of it is written, the word is
 * `-`, and a part of its own follows: for each entry 0 absent, 1 equal, 2 other, 3 trimmed, then h, w and m; nothing when there
 * is no stream; or Redis's own words in the one place where it failed.
 */
export const COMMIT = script(
  TIME,
  `
local HEADER = '^(%a*)%z(%d+)%z(%d+)%z(.*)$'
local now = moment(ARGV[1], 1, 0)
local bases, marks, news = {}, {}, {}
local commits = tonumber(ARGV[2])
for i = 1, commits do
  local base = string.match(KEYS[i], '^(.-}):stream:')
  if not marks[base] then
    marks[base] = tonumber(redis.call('HGET', base .. ':record', 'at') or 0)
    now = math.max(now, marks[base])
  end
  bases[i] = base
end
local at = text(now)

local function judged(stream, found, entries)
  local trimmed = tonumber(string.match(found[1], '^%d+%z[^%z]*%z%d+%z[^%z]*%z%d+%z(%d+)%z'))
  local words = {}
  for i, entry in ipairs(entries) do
    local place = found[i + 2]
    if not place then words[i] = '0'
    elseif tonumber(place) < trimmed then words[i] = '3'
    else
      local stored = redis.call('HGET', stream, place)
      words[i] = string.sub(stored, string.find(stored, '%z') + 1) == entry and '1' or '2'
    end
  end
  return {table.concat(words), found[1], found[2] or '', redis.call('HGET', stream, 'm') or ''}
end

local function forget(stream, from, below)
  local gone = {}
  for i = from, below - 1 do
    gone[#gone + 1] = string.format('%.0f', i)
    if #gone == 1000 then redis.call('HDEL', stream, unpack(gone)) gone = {} end
  end
  if #gone > 0 then redis.call('HDEL', stream, unpack(gone)) end
end

local function commit(stream, base, a)
  local flags, count, first, guard = string.match(ARGV[a], HEADER)
  local head = ARGV[a + 1]
  local wake, due, id, out, put, members, sort, from, below, voice, pair, meta
  a = a + 2
  for i = 1, #flags do
    local flag = string.byte(flags, i)
    if flag == 119 then wake, due, id = ARGV[a], ARGV[a + 1], ARGV[a + 2] a = a + 3
    elseif flag == 105 then
      out, put, members = tonumber(ARGV[a]), tonumber(ARGV[a + 1]), a + 2
      a = members + out + put
    elseif flag == 115 then sort = ARGV[a] a = a + 1
    elseif flag == 116 then from, below = ARGV[a], ARGV[a + 1] a = a + 2
    elseif flag == 118 then voice, pair = ARGV[a], ARGV[a + 1] a = a + 2
    else meta = ARGV[a] a = a + 1 end
  end
  local entries, fields = {}, {'h', 'w'}
  for i = 1, tonumber(count) do
    entries[i] = ARGV[a]
    fields[i + 2] = 'k' .. string.match(ARGV[a], '^[^%z]*%z([^%z]*)')
    a = a + 1
  end

  local found = redis.pcall('HMGET', stream, unpack(fields))
  if found.err then return '-', a, {found.err} end
  local old = found[1]
  local fits
  if guard == '' then fits = not old else fits = old and string.sub(old, 1, #guard) == guard end
  for i = 3, #fields do if found[i] then fits = false end end
  if not fits then return '-', a, old and judged(stream, found, entries) or {} end

  local set, moves = {'h', head}, wake
  if not moves then wake = found[2] or ''
  else
    if wake == 'never' then wake = ''
    elseif string.sub(wake, 1, 1) == '+' then wake = text(now + tonumber(string.sub(wake, 2)))
    else wake = string.sub(wake, 2) end
    set[3] = 'w' set[4] = wake
  end
  if meta then set[#set + 1] = 'm' set[#set + 1] = meta end
  for i, entry in ipairs(entries) do
    local n, place = #set, string.format('%.0f', first + i - 1)
    set[n + 1] = fields[i + 2] set[n + 2] = place
    set[n + 3] = place set[n + 4] = at .. '\\0' .. entry
  end
  -- The first write of a script is refused where memory is short; one that needs none would open the door to the others. And a
  -- key that holds something else fails before the stream is written.
  if moves and wake ~= '' then redis.call('ZADD', base .. ':due:' .. due, wake, id) end
  redis.call('HSET', stream, unpack(set))
  if moves and wake == '' and old then redis.call('ZREM', base .. ':due:' .. due, id) end
  if below then forget(stream, from, below) end

  local written = news[base]
  if not written then
    written = {}
    news[base] = written
    if now > marks[base] then written[1] = 'at' written[2] = at end
  end
  if sort and not written[sort] then
    written[sort] = true
    written[#written + 1] = 'n' .. sort written[#written + 1] = ''
  end
  if members then
    local index = base .. ':index'
    local from, to = members + out, members + out + put - 1
    for i = members, from - 1, 1000 do redis.call('ZREM', index, unpack(ARGV, i, math.min(i + 999, from - 1))) end
    for i = from, to, 1000 do
      local scored = {}
      for j = i, math.min(i + 999, to) do scored[#scored + 1] = 0 scored[#scored + 1] = ARGV[j] end
      redis.call('ZADD', index, unpack(scored))
    end
  end
  if voice then
    redis.pcall(voice, stream, '')
    local left = wake ~= '' and math.max(tonumber(wake) - now, 0)
    if left and left <= ${SOON_MS} then redis.pcall(voice, base .. ':record', text(left) .. '\\0' .. pair) end
  end
  return '+' .. wake, a
end

local words, answer, a = {}, {at, ''}, 3
for i = 1, commits do
  local refusal
  words[i], a, refusal = commit(KEYS[i], bases[i], a)
  if refusal then answer[#answer + 1] = refusal end
end
for base, written in pairs(news) do if #written > 0 then redis.call('HSET', base .. ':record', unpack(written)) end end
answer[2] = table.concat(words, ' ')
return answer
`,
);

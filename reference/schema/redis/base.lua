-- What all scripts share: time, groups, copies, counts. Every script is this file, those of its
-- subject, and the one that it is named after, put together when the program is built.
--
-- KEYS[1] is the prefix of every key that a script touches: its hash tag puts them all into one
-- hash slot, so a script is atomic on a Redis Cluster, too. What clients have named comes in ARGV
-- alone, and stands in keys only behind that tag.
-- ARGV: the time (empty: the server's own), the hook's shift, the node, whether expired messages
-- become dead letters; from the fifth on what the script is asked.
--
-- Keys, behind the prefix:
--   seq           the last seq or place given              groups   the last group's number
--   m:SEQ         a message: h (packed, see HEAD), e (its event), b (its body), gone, err, and
--                 named, where an upload's record was
--   n:UPLOAD      seqs of the messages that name its payload
--   ids           transaction id -> seq                    names    the destinations, in order
--   d:DESTINATION group's name -> its number               g:GROUP  a group and its counts
--   r:GROUP       ready copies by rank, then place         w:GROUP  delayed copies by place
--   x:GROUP       dead letters by seq                      o:GROUP  copies, packed (see COPY)
--   leases        'GROUP:SEQ' by when the lease ends       due      by when the delay is over
--   expiry        seqs by expiry                           tenants  the marks of those that count
--   totals        what has happened so far                 totalsMARK  the same of a tenant
--   c:CORRELATION seqs; s:SESSION seqs                     k:EVENT  an event that is known again
--   nodes         node -> since when it is missing (empty: it is not)
--   node          the number of the last node
--   past          seq -> a message that is gone, packed    ended    those seqs by their end

local prefix = KEYS[1]
local node = ARGV[3]
local expired_are_dead = ARGV[4] == '1'

-- HEAD: the fields of a message that nothing but damage changes.
local ID, DESTINATION, KIND, ROUTE, SIZE, STORED, CODEC, DIGEST = 1, 2, 3, 4, 5, 6, 7, 8
local CREATED, EXPIRES, QUEUED, WHO, CORRELATION, SESSION, CHUNK = 9, 10, 11, 12, 13, 14, 15
local UPLOAD, OWNER = 16, 17  -- an upload's record; the upload whose payload it names, or false

-- COPY: a group's copy of a message. Its TOKEN is 16 hex digits, since numbers here have 53 bits. A ready one that was never delivered has no entry in o:GROUP,
-- its score in r:GROUP says it all.
local STATE, ATTEMPT, SCORE, REASON, HOLDER, TOKEN, UNTIL = 1, 2, 3, 4, 5, 6, 7

local REFERENCE = 1
local EXPIRED, DELETED = 3, 4  -- outcomes
local NOT_FOUND, LEASE_LOST, INVALID, FULL, CONFLICT, NO_UPLOAD = 0, 1, 2, 3, 4, 5

-- A score orders by rank and then by place: 53 bits hold ranks of +-1 000 and 4 * 10^12 places.
local PLACES = 4398046511104
local RANK_MOST = 1000

local function call(...) return redis.call(...) end

local function now_of_server()
  if ARGV[1] ~= '' then return tonumber(ARGV[1]) + tonumber(ARGV[2]) end
  local time = call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000) + tonumber(ARGV[2])
end
local now = now_of_server()

local function text(number) return string.format('%.0f', number) end

local function earlier(one, other)
  if one == nil or other < one then return other end
  return one
end

-- Counts are gathered here and written once, by flush().
local totals = {}  -- by tenant

-- The mark that a tenant's names and ids begin with.
local function mark_in(kept)
  if #kept > 26 and string.byte(kept, 1) == 31 and string.byte(kept, 2) ~= 31 then
    return string.sub(kept, 1, 27)
  end
  return ''
end

local function count(kept, name, by)
  local mark = mark_in(kept)
  totals[mark] = totals[mark] or {}
  totals[mark][name] = (totals[mark][name] or 0) + (by or 1)
end

local next_place = nil
local function place()
  if next_place == nil then next_place = tonumber(call('GET', prefix .. 'seq') or '0') end
  next_place = next_place + 1
  return next_place
end

local groups = {}        -- by number
local destinations = {}  -- by name: their groups, oldest first

local function load_group(number)
  if groups[number] then return groups[number] end
  local row = call('HMGET', prefix .. 'g:' .. number, 'd', 'n', 'leased', 'acked', 'expired',
                   'deleted')
  if not row[1] then return nil end
  groups[number] = {
    number = number, destination = row[1], name = row[2], leased = tonumber(row[3]),
    acked = tonumber(row[4]), expired = tonumber(row[5]), deleted = tonumber(row[6]), more = {},
    ready_key = prefix .. 'r:' .. number, delayed_key = prefix .. 'w:' .. number,
    dead_key = prefix .. 'x:' .. number, copies_key = prefix .. 'o:' .. number,
  }
  return groups[number]
end

local function groups_of(destination)
  if destinations[destination] then return destinations[destination] end
  local found = {}
  for _, number in ipairs(call('HVALS', prefix .. 'd:' .. destination)) do
    found[#found + 1] = load_group(number)
  end
  table.sort(found, function(a, b) return tonumber(a.number) < tonumber(b.number) end)
  destinations[destination] = found
  return found
end

local function find_group(destination, name)
  for _, group in ipairs(groups_of(destination)) do
    if group.name == name then return group end
  end
  return nil
end

local function make_group(destination, name)
  local known = find_group(destination, name)
  if known then return known end
  local number = text(call('INCR', prefix .. 'groups'))
  call('HSET', prefix .. 'g:' .. number, 'd', destination, 'n', name, 'leased', 0, 'acked', 0,
       'expired', 0, 'deleted', 0)
  call('HSET', prefix .. 'd:' .. destination, name, number)
  call('ZADD', prefix .. 'names', 0, destination)
  local made = load_group(number)
  table.insert(destinations[destination], made)
  return made
end

-- One more of `name` in the group's counts.
local function tally(group, name, by)
  group[name] = group[name] + (by or 1)
  group.more[name] = (group.more[name] or 0) + (by or 1)
end

local function ready_count(group) return call('ZCARD', group.ready_key) end
local function delayed_count(group) return call('ZCARD', group.delayed_key) end
local function dead_count(group) return call('ZCARD', group.dead_key) end

-- What the group is owed, dead letters aside.
local function waiting(group)
  return ready_count(group) + delayed_count(group) + group.leased
end

local function flush()
  if next_place then call('SET', prefix .. 'seq', next_place) end
  for number, group in pairs(groups) do
    for name, by in pairs(group.more) do
      if by ~= 0 then call('HINCRBY', prefix .. 'g:' .. number, name, by) end
    end
  end
  for mark, counts in pairs(totals) do
    if mark ~= '' then call('SADD', prefix .. 'tenants', mark) end
    for name, by in pairs(counts) do call('HINCRBY', prefix .. 'totals' .. mark, name, by) end
  end
end

local function read_copy(group, seq)
  local packed = call('HGET', group.copies_key, seq)
  if packed then return cmsgpack.unpack(packed) end
  local score = call('ZSCORE', group.ready_key, seq)
  if score then return {'ready', 0, tonumber(score)} end
  return nil
end

local function member(group, seq) return group.number .. ':' .. seq end

-- Takes a copy out of the state it is in; enter() or nothing follows.
local function leave(group, seq, copy)
  local state = copy[STATE]
  if state == 'ready' then
    call('ZREM', group.ready_key, seq)
  elseif state == 'delayed' then
    call('ZREM', group.delayed_key, seq)
    call('ZREM', prefix .. 'due', member(group, seq))
  elseif state == 'leased' then
    call('ZREM', prefix .. 'leases', member(group, seq))
    tally(group, 'leased', -1)
  else
    call('ZREM', group.dead_key, seq)
  end
  if state ~= 'ready' or copy[ATTEMPT] > 0 then call('HDEL', group.copies_key, seq) end
end

-- `at` is when the delay or the lease is over.
local function enter(group, seq, copy, at)
  local state = copy[STATE]
  if state == 'ready' then
    call('ZADD', group.ready_key, copy[SCORE], seq)
    if copy[ATTEMPT] == 0 then return end
  elseif state == 'delayed' then
    call('ZADD', group.delayed_key, copy[SCORE] % PLACES, seq)
    call('ZADD', prefix .. 'due', at, member(group, seq))
  elseif state == 'leased' then
    call('ZADD', prefix .. 'leases', at, member(group, seq))
    tally(group, 'leased')
  else
    call('ZADD', group.dead_key, seq, seq)
  end
  call('HSET', group.copies_key, seq, cmsgpack.pack(copy))
end

local function read_head(seq)
  local packed = call('HGET', prefix .. 'm:' .. seq, 'h')
  return packed and cmsgpack.unpack(packed) or nil
end

-- The seq of a message that is there, gone from its queues or not.
local function seq_of(id)
  local seq = call('HGET', prefix .. 'ids', id)
  if seq and call('EXISTS', prefix .. 'm:' .. seq) == 1 then return seq end
  return nil
end

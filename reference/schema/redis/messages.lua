-- Messages as they end: expired, deleted, or gone with the last copy that was held.

-- What becomes of a lease that ends, as a step's answer or a sweep's tells it.
local function new_answer()
  return {refused = -1, at = 0, dry = 0, count = 0, due = nil, ended = {}, repeats = {},
          taken = {}, unreferenced = {}, woken = {}}
end

local function shorten(answer, ms) answer.due = earlier(answer.due, ms) end

local function note_ended(answer, group, seq, copy)
  if copy[STATE] == 'leased' then
    table.insert(answer.ended, {copy[HOLDER], copy[TOKEN], seq, group.number})
  end
end

-- What is left of a payload whose name `seq` was: nothing, where no other names it.
local function release_payload(seq, head, answer)
  local owner = head[OWNER] or head[ID]
  if head[OWNER] then call('SREM', prefix .. 'n:' .. owner, seq) end
  if head[OWNER] or head[UPLOAD] then
    if call('EXISTS', prefix .. 'n:' .. owner) == 1 or seq_of(owner) then return end
  end
  count(head[ID], 'payload_count', -1)
  count(head[ID], 'payload_bytes', -tonumber(head[SIZE]))
  if head[ROUTE] == REFERENCE then table.insert(answer.unreferenced, owner) end
end

local function erase_message(seq, outcome, answer)
  local head = read_head(seq)
  if not head then return end
  local key = prefix .. 'm:' .. seq
  if call('HEXISTS', key, 'err') == 1 then count(head[ID], 'payload_corrupt', -1) end
  call('HSET', prefix .. 'past', seq, cmsgpack.pack({
    head[ID], head[WHO], head[CREATED], head[SIZE], head[ROUTE], outcome, head[SESSION],
    head[UPLOAD]}))
  call('ZADD', prefix .. 'ended', now, seq)
  call('ZREM', prefix .. 'expiry', seq)
  if head[CORRELATION] then call('ZREM', prefix .. 'c:' .. head[CORRELATION], seq) end
  call('UNLINK', key)
  release_payload(seq, head, answer)
end

-- An expired message stays for those who hold a lease or a dead letter; the last takes it along.
local function settle_gone(seq, answer)
  if not call('HGET', prefix .. 'm:' .. seq, 'gone') then return end
  local head = read_head(seq)
  for _, group in ipairs(groups_of(head[DESTINATION])) do
    if read_copy(group, seq) then return end
  end
  erase_message(seq, EXPIRED, answer)
end

-- Whether the copy is still there: as a dead letter, which only a purge ends.
local function expire_copy(group, seq, copy)
  if expired_are_dead and copy[STATE] == 'dead' then return true end
  leave(group, seq, copy)
  if expired_are_dead then
    enter(group, seq, {'dead', copy[ATTEMPT], copy[SCORE], 'expired'})
    count(group.destination, 'dead_lettered')
    return true
  end
  tally(group, 'expired')
  count(group.destination, 'expired')
  return false
end

-- The one way a lease ends without an ack. `how`: dead, unsent, rejected, delay, reason.
local function end_lease(group, seq, copy, how, answer)
  if how.rejected then count(group.destination, 'rejected') end
  local head = read_head(seq)
  if head[EXPIRES] <= now then
    if not expire_copy(group, seq, copy) then settle_gone(seq, answer) end
    return
  end
  leave(group, seq, copy)
  if how.dead then
    count(group.destination, 'dead_lettered')
    return enter(group, seq, {'dead', copy[ATTEMPT], copy[SCORE], how.reason})
  end
  local attempt = copy[ATTEMPT]
  if how.unsent then
    count(group.destination, 'delivered', -1)
    if attempt > 1 then count(group.destination, 'redelivered', -1) end
    attempt = attempt - 1
  end
  if how.delay > 0 then
    shorten(answer, how.delay)
    return enter(group, seq, {'delayed', attempt, copy[SCORE]}, now + how.delay)
  end
  enter(group, seq, {'ready', attempt, copy[SCORE]})
  table.insert(answer.woken, group.destination)
end

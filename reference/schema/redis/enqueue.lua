-- Accepting messages. The fields of an Enqueue begin at ARGV[at].

local function read_enqueue(at)
  local function field(n) return ARGV[at + n] end
  local function number(n) return tonumber(ARGV[at + n]) end  -- nil where it is empty
  local function optional(n)
    if field(n) == '' then return false end
    return string.sub(field(n), 2)
  end
  return {
    id = field(0), destination = field(1), event = field(2), kind = number(3), body = field(4),
    route = number(5), size = number(6), stored = number(7), codec = number(8), digest = field(9),
    correlation = optional(10), rank = number(11), ttl = number(12), not_after = number(13),
    ttl_max = number(14), delay = number(15), messages_max = number(16), identity = optional(17),
    window = number(18), who = field(19), session = optional(20), overflow = field(21),
    fan_out = field(22) == '1', chunk = number(23), upload = field(24) == '1', owner = optional(25),
  }
end

-- The message that the event was accepted as, while it is known.
local function first_of(op)
  if not op.identity then return nil end
  local packed = call('GET', prefix .. 'k:' .. op.identity)
  if not packed then return nil end
  local known = cmsgpack.unpack(packed)
  if known[1] <= now then return nil end
  return {id = known[2], route = known[3], same = known[4] == op.digest}
end

-- The seq of an upload's record that may be named.
local function find_upload(id)
  local seq = seq_of(id)
  local head = seq and read_head(seq)
  return head and head[UPLOAD] and head[EXPIRES] > now and seq or nil
end

local function objection_to_enqueue(op)
  local first = first_of(op)
  if first then return not first.same and CONFLICT or nil end
  if op.owner and not find_upload(op.owner) then return NO_UPLOAD end
  if not op.not_after then return nil end
  local left = op.not_after - now
  if left <= 0 or left > op.ttl_max then return INVALID end
  return nil
end

-- The first of a step that finds its destination full, behind those before it.
local function first_without_room(step)
  local taken = {}
  for i, op in ipairs(step) do
    local message = op.enqueue
    if message and message.fan_out and message.messages_max and message.overflow == 'refuse' then
      local destination = message.destination
      if not taken[destination] then
        taken[destination] = 0
        for _, group in ipairs(groups_of(destination)) do
          taken[destination] = math.max(taken[destination], waiting(group))
        end
      end
      if taken[destination] >= message.messages_max then return i end
      taken[destination] = taken[destination] + 1
    end
  end
  return nil
end

-- The copy that has waited longest. Of the ready ones each rank's first is looked at.
local function oldest_waiting(group)
  local oldest, oldest_place
  local function consider(seq, at)
    if not oldest or at < oldest_place then oldest, oldest_place = seq, at end
  end
  local from = '-inf'
  while true do
    local found = call('ZRANGE', group.ready_key, from, '+inf', 'BYSCORE', 'LIMIT', 0, 1,
                       'WITHSCORES')
    if #found == 0 then break end
    local score = tonumber(found[2])
    consider(found[1], score % PLACES)
    from = text((math.floor(score / PLACES) + 1) * PLACES)
  end
  local delayed = call('ZRANGE', group.delayed_key, 0, 0, 'WITHSCORES')
  if #delayed > 0 then consider(delayed[1], tonumber(delayed[2])) end
  return oldest
end

-- Whether there is room for one more in the group, the oldest waiting ones dropped for it if that
-- is what a full queue does.
local function make_room(op, group)
  if op.overflow == 'refuse' or not op.messages_max then return true end
  while waiting(group) >= op.messages_max do
    if op.overflow == 'drop_newest' then return false end
    local seq = oldest_waiting(group)
    if not seq then return false end
    leave(group, seq, read_copy(group, seq))
    tally(group, 'deleted')
    count(op.destination, 'deleted')
  end
  return true
end

local function owe(op, seq, group)
  if not make_room(op, group) then
    tally(group, 'deleted')
    count(op.destination, 'deleted')
    return
  end
  local rank = math.max(-RANK_MOST, math.min(RANK_MOST, op.rank))
  local copy = {'ready', 0, rank * PLACES + tonumber(seq)}
  if op.delay > 0 then copy[STATE] = 'delayed' end
  enter(group, seq, copy, now + op.delay)
end

local function enqueue(op, answer)
  local first = first_of(op)
  if first then
    table.insert(answer.repeats, {op.id, first.id, first.route})
    return
  end
  local seq = text(place())
  local expires = now + op.ttl
  if op.not_after then expires = math.min(expires, op.not_after) end
  call('HSET', prefix .. 'm:' .. seq, 'e', op.event, 'b', op.body, 'h', cmsgpack.pack({
    op.id, op.destination, op.kind, op.route, op.size, op.stored, op.codec, op.digest, now, expires,
    op.fan_out, op.who, op.correlation, op.session, op.chunk, op.upload, op.owner}))
  call('HSET', prefix .. 'ids', op.id, seq)
  call('ZADD', prefix .. 'expiry', expires, seq)
  if op.correlation and op.fan_out then
    call('ZADD', prefix .. 'c:' .. op.correlation, seq, seq)
  end
  if op.session then call('ZADD', prefix .. 's:' .. op.session, seq, seq) end
  if op.identity and op.window > 0 then
    call('SET', prefix .. 'k:' .. op.identity,
         cmsgpack.pack({now + op.window, op.id, op.route, op.digest}), 'PX', op.window)
  end
  shorten(answer, math.max(expires - now, 0))
  if op.owner then
    call('HSET', prefix .. 'm:' .. find_upload(op.owner), 'named', 1)
    call('SADD', prefix .. 'n:' .. op.owner, seq)
  else
    count(op.destination, 'payload_count')
    count(op.destination, 'payload_bytes', op.size)
  end
  if not op.fan_out then return end
  count(op.destination, 'published')
  if #groups_of(op.destination) == 0 then make_group(op.destination, 'default') end
  for _, group in ipairs(groups_of(op.destination)) do owe(op, seq, group) end
  if op.delay > 0 then shorten(answer, op.delay) end
end

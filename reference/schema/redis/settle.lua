-- The other ops of a step, one function each: args(n) is the op's n-th argument, from 1.

-- The copy that an op settles: its group and itself, where the lease is this node's and runs.
local function held(args)
  local seq, number, token = args(1), args(2), args(3)
  local group = load_group(number)
  if not group then return nil end
  local copy = read_copy(group, seq)
  if not copy or copy[STATE] ~= 'leased' or copy[HOLDER] ~= node or copy[TOKEN] ~= token or
     copy[UNTIL] <= now then
    return nil
  end
  return group, copy
end

-- Ready copies in order, until there are enough of them or of their bytes.
local function choose(group, wanted, bytes_max)
  local chosen, bytes, from = {}, 0, 0
  while #chosen < wanted and bytes <= bytes_max do
    local page = call('ZRANGE', group.ready_key, from, from + math.min(wanted - #chosen, 100) - 1,
                      'WITHSCORES')
    if #page == 0 then break end
    for i = 1, #page, 2 do
      if bytes > bytes_max then break end
      local message = call('HMGET', prefix .. 'm:' .. page[i], 'h', 'e', 'b')
      local head = cmsgpack.unpack(message[1])
      if head[EXPIRES] > now then
        table.insert(chosen, {seq = page[i], score = tonumber(page[i + 1]), head = head,
                              event = message[2], body = message[3]})
        bytes = bytes + #message[3]
      end
    end
    from = from + #page / 2
  end
  return chosen, bytes > bytes_max
end

-- The tokens of a want, one after the other: two halves, so that none of their bits is lost.
local HALF = 4294967296
local function tokens_from(first)
  local high, low = tonumber(string.sub(first, 1, 8), 16), tonumber(string.sub(first, 9), 16)
  return function()
    local token = string.format('%08x%08x', high, low)
    low = low + 1
    if low == HALF then high, low = (high + 1) % HALF, 0 end
    return token
  end
end

-- Each want in turn gets one, so that members share evenly.
local function lease(args, answer)
  answer.dry = 1
  local group = find_group(args(1), args(2))
  if not group then return end
  local wants, wanted = {}, 0
  for i = 1, tonumber(args(4)) do
    local at = 5 + (i - 1) * 3
    wants[i] = {next_token = tokens_from(args(at)), left = tonumber(args(at + 1)),
                term = tonumber(args(at + 2))}
    wanted = wanted + wants[i].left
  end
  local chosen, stopped = choose(group, wanted, tonumber(args(3)))
  answer.dry = (not stopped and #chosen < wanted) and 1 or 0
  local turn = 1
  for _, one in ipairs(chosen) do
    while wants[turn].left == 0 do turn = turn % #wants + 1 end
    local want = wants[turn]
    turn = turn % #wants + 1
    local copy = read_copy(group, one.seq)
    leave(group, one.seq, copy)
    local attempt = copy[ATTEMPT] + 1
    local ends, token = now + want.term, want.next_token()
    enter(group, one.seq, {'leased', attempt, one.score, '', node, token, ends}, ends)
    local head = one.head
    table.insert(answer.taken, {one.seq, group.number, token, attempt, head[ID],
                                one.event, head[KIND], one.body, head[ROUTE], text(head[SIZE]),
                                head[DIGEST], want.term})
    want.left = want.left - 1
    shorten(answer, want.term)
    count(group.destination, 'delivered')
    if attempt > 1 then count(group.destination, 'redelivered') end
  end
end

local function ack(args, answer)
  local group, copy = held(args)
  if not group then return end
  leave(group, args(1), copy)
  tally(group, 'acked')
  count(group.destination, 'acked')
  settle_gone(args(1), answer)
end

local function fail(args, answer)
  local group, copy = held(args)
  if not group then return end
  end_lease(group, args(1), copy, {dead = args(4) == '1', unsent = args(5) == '1',
                                   rejected = args(6) == '1', delay = tonumber(args(7)),
                                   reason = args(8)}, answer)
end

local function extend(args, answer)
  local group, copy = held(args)
  if not group then return end
  local term = tonumber(args(4))
  copy[UNTIL] = now + term
  call('HSET', group.copies_key, args(1), cmsgpack.pack(copy))
  call('ZADD', prefix .. 'leases', copy[UNTIL], member(group, args(1)))
  shorten(answer, term)
end

-- The group's dead letters, in order of acceptance: all, or those that are named.
local function dead_of(group, args)
  if args(3) == '' then return call('ZRANGE', group.dead_key, 0, -1) end
  local dead = {}
  for i = 1, tonumber(args(3)) do
    local seq = seq_of(args(3 + i))
    if seq and call('ZSCORE', group.dead_key, seq) then table.insert(dead, seq) end
  end
  return dead
end

local function redrive(args, answer)
  local group = find_group(args(1), args(2))
  if not group then return end
  for _, seq in ipairs(dead_of(group, args)) do
    local copy = read_copy(group, seq)
    local gone = call('HGET', prefix .. 'm:' .. seq, 'gone')
    if copy[STATE] == 'dead' and not gone then  -- else named twice, or its time is over
      leave(group, seq, copy)
      local rank = math.floor(copy[SCORE] / PLACES)
      enter(group, seq, {'ready', 0, rank * PLACES + place()})
      answer.count = answer.count + 1
    end
  end
end

local function purge(args, answer)
  local group = find_group(args(1), args(2))
  if not group then return end
  for _, seq in ipairs(dead_of(group, args)) do
    local copy = read_copy(group, seq)
    if copy and copy[STATE] == 'dead' then
      leave(group, seq, copy)
      tally(group, 'deleted')
      count(group.destination, 'deleted')
      answer.count = answer.count + 1
      settle_gone(seq, answer)
    end
  end
end

local function forget(args, answer)
  local group = find_group(args(1), args(2))
  if not group then return end
  local seqs = {}
  for _, seq in ipairs(call('ZRANGE', group.ready_key, 0, -1)) do seqs[seq] = true end
  for _, seq in ipairs(call('HKEYS', group.copies_key)) do seqs[seq] = true end
  for seq in pairs(seqs) do
    local copy = read_copy(group, seq)
    leave(group, seq, copy)
    note_ended(answer, group, seq, copy)
    count(group.destination, 'deleted')
  end
  call('UNLINK', prefix .. 'g:' .. group.number, group.ready_key, group.delayed_key,
       group.dead_key, group.copies_key)
  call('HDEL', prefix .. 'd:' .. group.destination, group.name)
  if call('EXISTS', prefix .. 'd:' .. group.destination) == 0 then
    call('ZREM', prefix .. 'names', group.destination)
  end
  groups[group.number] = nil
  destinations[group.destination] = nil
  for seq in pairs(seqs) do settle_gone(seq, answer) end
end

local function delete(args, answer)
  local seq = seq_of(args(1))
  if not seq then
    answer.refused = NOT_FOUND
    return
  end
  for _, group in ipairs(groups_of(read_head(seq)[DESTINATION])) do
    local copy = read_copy(group, seq)
    if copy then
      leave(group, seq, copy)
      note_ended(answer, group, seq, copy)
      tally(group, 'deleted')
      count(group.destination, 'deleted')
    end
  end
  erase_message(seq, DELETED, answer)
end

-- What time does: leases that end, delays that run out, messages that expire, pasts that are
-- forgotten; at most ARGV[5] of each.
-- ARGV[6]: the attempts of which the last makes a dead letter; ARGV[7], ARGV[8]: how long a past is
-- kept, and how much longer it may lie there so that many go at once.

local at_most = tonumber(ARGV[5])
local attempts_max = tonumber(ARGV[6])
local kept, slack = tonumber(ARGV[7]), tonumber(ARGV[8])
local answer = new_answer()
local more = false

local function over(key, limit)
  local found = call('ZRANGE', prefix .. key, '-inf', text(limit), 'BYSCORE', 'LIMIT', 0, at_most)
  if #found == at_most then more = true end
  return found
end

local function copy_named(name)
  local number, seq = string.match(name, '^(%d+):(%d+)$')
  local group = load_group(number)
  return group, seq, group and read_copy(group, seq)
end

for _, name in ipairs(over('leases', now)) do
  local group, seq, copy = copy_named(name)
  note_ended(answer, group, seq, copy)
  end_lease(group, seq, copy, {dead = copy[ATTEMPT] >= attempts_max, delay = 0,
                               reason = 'attempts_exhausted'}, answer)
end

for _, name in ipairs(over('due', now)) do
  local group, seq, copy = copy_named(name)
  leave(group, seq, copy)
  enter(group, seq, {'ready', copy[ATTEMPT], copy[SCORE]})
  table.insert(answer.woken, group.destination)
end

local expired = over('expiry', now)
for _, seq in ipairs(expired) do
  local held = false
  for _, group in ipairs(groups_of(read_head(seq)[DESTINATION])) do
    local copy = read_copy(group, seq)
    if copy and copy[STATE] == 'leased' then
      held = true
    elseif copy then
      held = expire_copy(group, seq, copy) or held
    end
  end
  if held then
    call('ZREM', prefix .. 'expiry', seq)
    call('HSET', prefix .. 'm:' .. seq, 'gone', 1)
  else
    erase_message(seq, EXPIRED, answer)
  end
end

for _, seq in ipairs(over('ended', now - kept)) do
  local past = cmsgpack.unpack(call('HGET', prefix .. 'past', seq))
  call('HDEL', prefix .. 'ids', past[1])
  if past[7] then call('ZREM', prefix .. 's:' .. past[7], seq) end
  call('HDEL', prefix .. 'past', seq)
  call('ZREM', prefix .. 'ended', seq)
end

flush()

local due = nil
for key, later in pairs({leases = 0, due = 0, expiry = 0, ended = kept + slack}) do
  local first = call('ZRANGE', prefix .. key, 0, 0, 'WITHSCORES')
  if #first > 0 then due = earlier(due, tonumber(first[2]) + later - now) end
end
return {text(now), answer.ended, answer.woken, answer.unreferenced, #expired, more and 1 or 0,
        due and text(due) or ''}

-- Questions: ARGV[5] names one, its arguments follow. Nothing is changed.

-- A page ends early once it holds this much, so that it fits one message.
local PAGE_BYTES = 4 * 1048576
local PENDING, STATUS_COMPLETE, ERROR, STATUS_EXPIRED = 0, 1, 2, 3
local function arg(n) return ARGV[5 + n] end

local function status_of(seq, head, spoiled)
  if head[EXPIRES] <= now then return STATUS_EXPIRED end
  if spoiled then return ERROR end
  if head[UPLOAD] and call('HEXISTS', prefix .. 'm:' .. seq, 'named') == 0 then return PENDING end
  local pending = false
  for _, group in ipairs(groups_of(head[DESTINATION])) do
    local copy = read_copy(group, seq)
    if copy and copy[STATE] == 'dead' then return ERROR end
    pending = pending or copy ~= nil
  end
  return pending and PENDING or STATUS_COMPLETE
end

local function message_view(seq, with_body)
  local row = call('HMGET', prefix .. 'm:' .. seq, 'h', 'e', 'err', with_body and 'b' or 'none')
  local head = cmsgpack.unpack(row[1])
  return {seq, head[ID], head[DESTINATION], row[2], head[KIND], row[4] or '', head[ROUTE],
          text(head[SIZE]), text(head[STORED]), head[CODEC], head[DIGEST],
          status_of(seq, head, row[3]), text(head[CREATED]), text(head[EXPIRES]),
          row[3] and '=' .. row[3] or '', text(head[CHUNK]), head[UPLOAD] and 1 or 0,
          head[OWNER] and '=' .. head[OWNER] or ''}, #(row[4] or '')
end

local function counts_of(group)
  local ready, delayed, dead = ready_count(group), delayed_count(group), dead_count(group)
  local accepted = group.acked + ready + group.leased + delayed + dead + group.expired +
                   group.deleted
  return {accepted, group.acked, ready, group.leased, delayed, dead, group.expired, group.deleted}
end

local ask = {}

function ask.message()
  local seq = seq_of(arg(1))
  if not seq then return {} end
  return (message_view(seq, arg(2) == '1'))
end

function ask.counts()
  local group = find_group(arg(1), arg(2))
  return group and counts_of(group) or {}
end

-- Messages of a sorted set of seqs above `after`, those that `fits`; one more than the page holds
-- tells that it goes on.
local function page_of(key, after, limit, fits, view)
  local page, bytes, last = {}, 0, after
  while true do
    local found = call('ZRANGE', key, '(' .. last, '+inf', 'BYSCORE', 'LIMIT', 0, limit + 1)
    if #found == 0 then return {page, ''} end
    for _, seq in ipairs(found) do
      if fits(seq) then
        if #page == limit or bytes > PAGE_BYTES then return {page, page[#page][1]} end
        local one, size = view(seq)
        page[#page + 1] = one
        bytes = bytes + size
      end
      last = seq
    end
  end
end

function ask.dead()
  local group = find_group(arg(1), arg(2))
  if not group then return {{}, ''} end
  local function letter(seq)
    local view, size = message_view(seq, true)
    local copy = read_copy(group, seq)
    view[19], view[20] = copy[ATTEMPT], copy[REASON] or ''
    return view, size
  end
  return page_of(group.dead_key, arg(3), tonumber(arg(4)), function() return true end, letter)
end

function ask.correlated()
  local function alive(seq) return read_head(seq)[EXPIRES] > now end
  return page_of(prefix .. 'c:' .. arg(1), arg(2), tonumber(arg(3)), alive,
                 function(seq) return message_view(seq, true) end)
end

local OUTCOME_OF = {[PENDING] = 0, [STATUS_COMPLETE] = 1, [ERROR] = 2, [STATUS_EXPIRED] = 3}

local function record(seq)
  local row = call('HMGET', prefix .. 'm:' .. seq, 'h', 'err')
  if row[1] then
    local head = cmsgpack.unpack(row[1])
    return {seq, head[ID], head[WHO], text(head[CREATED]), text(head[SIZE]), head[ROUTE],
            OUTCOME_OF[status_of(seq, head, row[2])], head[UPLOAD] and 1 or 0}, 0
  end
  local past = cmsgpack.unpack(call('HGET', prefix .. 'past', seq))
  return {seq, past[1], past[2], text(past[3]), text(past[4]), past[5], past[6],
          past[8] and 1 or 0}, 0
end

function ask.audit()
  local seq = call('HGET', prefix .. 'ids', arg(1))
  if not seq or tonumber(seq) <= tonumber(arg(2)) then return {{}, ''} end
  return {{(record(seq))}, ''}
end

function ask.session()
  return page_of(prefix .. 's:' .. arg(1), arg(2), tonumber(arg(3)), function() return true end,
                 record)
end

-- Of one tenant, or of them all, one after the other.
local function totals_of(one, mark)
  if one then return call('HGETALL', prefix .. 'totals' .. mark) end
  local all = call('HGETALL', prefix .. 'totals')
  for _, tenant in ipairs(call('SMEMBERS', prefix .. 'tenants')) do
    for _, item in ipairs(call('HGETALL', prefix .. 'totals' .. tenant)) do
      all[#all + 1] = item
    end
  end
  return all
end

function ask.stats()
  local names = {arg(1)}
  if arg(3) ~= '1' then
    names = call('ZRANGE', prefix .. 'names', arg(1) == '' and '-' or '(' .. arg(1), '+', 'BYLEX',
                 'LIMIT', 0, tonumber(arg(2)))
  end
  local found = {}
  for i, name in ipairs(names) do
    local rows = {}
    for j, group in ipairs(groups_of(name)) do rows[j] = {group.name, counts_of(group)} end
    found[i] = {name, rows}
  end
  return {totals_of(arg(4) == '1', arg(5)), found}
end

return ask[arg(0)]()

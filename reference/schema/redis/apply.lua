-- A batch of steps, in order: each all or none.
-- ARGV[5] is how many; a step is the number of its ops, an op its name, the number of its
-- arguments, and those.

local function join(args) make_group(args(1), args(2)) end

local function spoil(args)
  local seq = seq_of(args(1))
  if seq and call('HSETNX', prefix .. 'm:' .. seq, 'err', args(2)) == 1 then
    count(args(1), 'payload_corrupt')
  end
end

-- Written even where it adds nothing: then it shows whether the store can be written.
local function add(args)
  count(args(3), 'topic_published', tonumber(args(1)))
  count(args(3), 'topic_delivered', tonumber(args(2)))
end

-- Puts damaged bytes in the place of what is stored: a body, or a digest.
local function corrupt(args, answer)
  local seq = seq_of(args(1))
  if not seq then
    answer.refused = NOT_FOUND
  elseif args(2) == 'body' then
    call('HSET', prefix .. 'm:' .. seq, 'b', args(3))
  else
    local head = read_head(seq)
    head[DIGEST] = args(3)
    call('HSET', prefix .. 'm:' .. seq, 'h', cmsgpack.pack(head))
  end
end

-- Everything but the numbers given so far: what was known under one is never another's.
local function reset()
  local cursor = '0'
  local keep = {[prefix .. 'seq'] = true, [prefix .. 'groups'] = true,
                [prefix .. 'node'] = true, [prefix .. 'nodes'] = true}
  repeat
    local found = call('SCAN', cursor, 'MATCH', prefix .. '*', 'COUNT', 1000)
    cursor = found[1]
    for _, key in ipairs(found[2]) do
      if not keep[key] then call('UNLINK', key) end
    end
  until cursor == '0'
  groups, destinations, totals = {}, {}, {}
end

local ops = {
  join = join, lease = lease, ack = ack, fail = fail, extend = extend, redrive = redrive,
  purge = purge, forget = forget, delete = delete, spoil = spoil, count = add, corrupt = corrupt,
  reset = reset,
}
local settling = {ack = true, fail = true, extend = true}

local function objection(op)
  if op.enqueue then return objection_to_enqueue(op.enqueue) end
  if settling[op.name] and not held(op.args) then return LEASE_LOST end
  return nil
end

-- Every op is asked for its objection first, so that a step is done whole or not at all.
local function run(step)
  local answer = new_answer()
  for i, op in ipairs(step) do
    local refused = objection(op)
    if refused then
      answer.refused, answer.at = refused, i - 1
      return answer
    end
  end
  local full = first_without_room(step)
  if full then
    answer.refused, answer.at = FULL, full - 1
    return answer
  end
  for _, op in ipairs(step) do
    if op.enqueue then enqueue(op.enqueue, answer) else ops[op.name](op.args, answer) end
  end
  return answer
end

local at = 6
local function read_step()
  local step = {}
  local length = tonumber(ARGV[at])
  at = at + 1
  for i = 1, length do
    local from = at + 1
    local op = {name = ARGV[at], args = function(n) return ARGV[from + n] end}
    if op.name == 'enqueue' then op.enqueue = read_enqueue(from + 1) end
    step[i] = op
    at = from + 1 + tonumber(ARGV[from])
  end
  return step
end

local answers = {}
for i = 1, tonumber(ARGV[5]) do
  local one = run(read_step())
  answers[i] = {one.refused, one.at, one.dry, one.count, one.due and text(one.due) or '',
                one.ended, one.repeats, one.taken, one.unreferenced, one.woken}
end
flush()
return {text(now), answers}

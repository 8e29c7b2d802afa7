-- Uploads in the payload store: payloads that come in parts, and none before they are sealed.
--
-- KEYS[1] is the prefix of the payloads' keys. ARGV: the time, what is asked, the upload's id; what
-- belongs to that follows. The answer is the upload as it is then, or nothing.
--
-- Keys, behind the prefix:
--   p:ID    pieces by number       u:ID  an upload: size, chunk, digest, reached, sealed
--   expiry  ids by when they may go      open  those of them that are not sealed

local prefix, now, id = KEYS[1], tonumber(ARGV[1]), ARGV[3]
local upload_key, pieces_key = prefix .. 'u:' .. id, prefix .. 'p:' .. id
local call = redis.call
local function arg(n) return ARGV[3 + n] end
local function text(number) return string.format('%.0f', number) end

local function ends_at()
  local found = call('ZSCORE', prefix .. 'expiry', id)
  return found and tonumber(found)
end

local function set_end(at, sealed)
  call('ZADD', prefix .. 'expiry', text(at), id)
  if sealed then
    call('ZREM', prefix .. 'open', id)
  else
    call('ZADD', prefix .. 'open', text(at), id)
  end
end

local SIZE, CHUNK, REACHED, SEALED = 1, 2, 4, 5
local function find()
  local row = call('HMGET', upload_key, 'size', 'chunk', 'digest', 'reached', 'sealed')
  if not row[SIZE] then return nil end
  if row[SEALED] == '0' and (ends_at() or 0) <= now then return nil end
  return row
end

local ask = {}

-- size, chunk, digest or nothing, its end, and how many may be open or nothing
function ask.open()
  local most = tonumber(arg(5))
  if most and call('ZCOUNT', prefix .. 'open', '(' .. text(now), '+inf') >= most then return {} end
  call('HSET', upload_key, 'size', arg(1), 'chunk', arg(2), 'digest', arg(3), 'reached', 0,
       'sealed', 0)
  set_end(tonumber(arg(4)), false)
  return find() or {}
end

function ask.look() return find() or {} end

-- from, to, the first piece's number, the new end, and the pieces
function ask.append()
  local row = find()
  if not row then return {} end
  if row[SEALED] == '1' or row[REACHED] ~= arg(1) then return row end
  local first = tonumber(arg(3))
  for n = first, math.ceil(tonumber(row[REACHED]) / tonumber(row[CHUNK])) - 1 do
    call('HDEL', pieces_key, n)
  end
  for i = 8, #ARGV do call('HSET', pieces_key, first + i - 8, ARGV[i]) end
  call('HSET', upload_key, 'reached', arg(2))
  set_end(tonumber(arg(4)), false)
  row[REACHED] = arg(2)
  return row
end

-- Until when it is kept at least; whole payloads that never were uploads likewise.
function ask.keep()
  local at = ends_at()
  if not at then return {} end
  local wanted = tonumber(arg(1))
  if call('HGET', upload_key, 'sealed') == '0' then
    if at <= now then return {} end
    call('HSET', upload_key, 'sealed', 1)
  else
    wanted = math.max(at, wanted)
  end
  set_end(wanted, true)
  return {id}
end

return ask[ARGV[2]]()

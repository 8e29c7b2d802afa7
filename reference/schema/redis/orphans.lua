-- Ends the leases of nodes that are no more; the next sweep finds them over. How many they were.
-- ARGV[5]: how long a node must be missing; ARGV[6]: one that leaves of itself, the others then
-- being left alone, or nothing; ARGV[7]...: those that are connected.
--
-- The hash 'nodes' has since when each node that may hold a lease is missing; empty: it lives.

local grace, leaving = tonumber(ARGV[5]), ARGV[6]
local alive = {}
for i = 7, #ARGV do alive[ARGV[i]] = true end

local dead, any = {}, false
local known = call('HGETALL', prefix .. 'nodes')
for i = 1, #known, 2 do
  local name, since = known[i], tonumber(known[i + 1])
  local over = (since or now) + grace <= now
  if leaving ~= '' then over = name == leaving end
  if over and not alive[name] then
    call('HDEL', prefix .. 'nodes', name)
    dead[name], any = true, true
  elseif leaving == '' and alive[name] and since then
    call('HSET', prefix .. 'nodes', name, '')
  elseif leaving == '' and not alive[name] and not since then
    call('HSET', prefix .. 'nodes', name, text(now))
  end
end
if not any then return 0 end

local orphans = 0
for _, name in ipairs(call('ZRANGE', prefix .. 'leases', 0, -1)) do
  local number, seq = string.match(name, '^(%d+):(%d+)$')
  local group = load_group(number)
  local copy = read_copy(group, seq)
  if dead[copy[HOLDER]] then
    copy[UNTIL] = 0
    call('HSET', group.copies_key, seq, cmsgpack.pack(copy))
    call('ZADD', prefix .. 'leases', 0, name)
    orphans = orphans + 1
  end
end
return orphans

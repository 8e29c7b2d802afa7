-- Ends the leases of nodes that are no more: those whose names are not among ARGV[5]...; the next
-- sweep finds them over. How many they were.

local alive = {}
for i = 5, #ARGV do alive[ARGV[i]] = true end
local orphans = 0
for _, name in ipairs(call('ZRANGE', prefix .. 'leases', 0, -1)) do
  local number, seq = string.match(name, '^(%d+):(%d+)$')
  local group = load_group(number)
  local copy = read_copy(group, seq)
  if not alive[copy[HOLDER]] then
    copy[UNTIL] = 0
    call('HSET', group.copies_key, seq, cmsgpack.pack(copy))
    call('ZADD', prefix .. 'leases', 0, name)
    orphans = orphans + 1
  end
end
return orphans

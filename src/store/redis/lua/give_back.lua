-- Takes back what was charged and not used. KEYS: one for each. ARGV[1]: the time, or nothing for the server's.
-- ARGV[i + 1]: the cost, when it was charged, and 1 if that was a moment ago by a call that another part of the cluster
-- has refused, 8 octets each.

local now = tonumber(ARGV[1]) or server_time()
local texts = redis.call('MGET', unpack(KEYS))
for i, key in ipairs(KEYS) do
  if texts[i] then
    local cost, charged, refused = struct.unpack('<I8I8I8', ARGV[i + 1])
    local state = read(texts[i])
    for _, window in ipairs(state.windows) do
      settle(window, now)
      local at = math.min(charged, now)
      if charged + window[1] > now and not (refused == 1 and undo(window, at, cost)) then
        remove(window, at, cost)
      end
    end
    write(key, state, now)
  end
end
return now

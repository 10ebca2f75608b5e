-- Takes back charges that were not used. KEYS: the key of each charge; a key may stand more than once. ARGV[1]: the time,
-- or empty for the server's. ARGV[i + 1]: the cost, the time of the charge, and 1 if the charge was made a moment ago by a
-- call that another slot of the cluster has refused; 8 octets each.

local now = tonumber(ARGV[1]) or server_time()
for i, key in ipairs(KEYS) do
  local text = redis.call('GET', key)
  if text then
    local cost, charged, refused = struct.unpack('<I8I8I8', ARGV[i + 1])
    local state = read(text)
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

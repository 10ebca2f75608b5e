-- Blocks a key, or ends its block. ARGV[1]: the time, or empty for the server's. ARGV[2]: for how many milliseconds,
-- 0 to unblock, empty for ever. Answers 1 if the key was blocked before.

local now = tonumber(ARGV[1]) or server_time()
local time = tonumber(ARGV[2])
local text = redis.call('GET', KEYS[1])
if not text and time == 0 then return 0 end
local state = read(text)
for _, window in ipairs(state.windows) do
  settle(window, now)
end
local before = state.blocked > now and 1 or 0
state.blocked = time == 0 and 0 or time and math.min(now + time, FOR_EVER) or FOR_EVER
write(KEYS[1], state, now)
return before

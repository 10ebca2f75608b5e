-- Decides about all requests of a call together, as filters/src/store/state.rs `decide` does.
--
-- KEYS: one for each request. ARGV[1]: the time in milliseconds, or empty for the server's. ARGV[i + 1]: cost, block,
-- binding, and the width and quota of each limit, 8 octets each. Answers
-- { time, then for each request: verdict, charged, wait or -1, limit, used, first }.

local WITHIN, OVER, BLOCKED = 0, 1, 2
local COST, BLOCK, BINDING, LIMITS = 1, 2, 3, 4

local now = tonumber(ARGV[1]) or server_time()
local texts = redis.call('MGET', unpack(KEYS))
local states, requests, answers = {}, {}, {}
local refused = false

-- As `judge` in filters/src/store/state.rs.
local function judge(state, units)
  if state.blocked > now then
    return { BLOCKED, 0, state.blocked < FOR_EVER and state.blocked - now or -1, 0, 0, 0 }
  end
  local answer
  local within, fullest = { WITHIN, 0, -1, 0, 0, 0 }, 0
  for index, window in ipairs(state.windows) do
    local sum = used(window)
    if sum + units > window[2] then
      local time = wait(window, now, units) or -1
      local longest = answer and answer[3]
      if not answer or (longest ~= -1 and (time == -1 or time > longest)) then
        answer = { OVER, 0, time, index - 1, sum, 0 }
      end
    elseif sum / window[2] > fullest then
      fullest = sum / window[2]
      within[4], within[5] = index - 1, sum
    end
  end
  return answer or within
end

for i, key in ipairs(KEYS) do
  local packed = ARGV[i + 1]
  local request = { struct.unpack('<' .. string.rep('I8', #packed / 8), packed) }
  table.remove(request)
  local state = read(texts[i])
  fit(state, request, LIMITS, #request)
  for _, window in ipairs(state.windows) do
    settle(window, now)
  end
  local answer = judge(state, math.min(math.max(request[COST], 1), MAX_UNITS))
  if answer[1] ~= WITHIN and request[BINDING] == 1 then refused = true end
  states[i], requests[i], answers[i] = state, request, answer
end

local reply = { now }
for i, key in ipairs(KEYS) do
  local state, request = states[i], requests[i]
  local answer = answers[i]
  if answer[1] == WITHIN and not refused then
    answer[2] = 1
    if request[COST] > 0 then
      for _, window in ipairs(state.windows) do
        add(window, now, math.min(request[COST], MAX_UNITS))
      end
      write(key, state, now)
    end
  elseif answer[1] == OVER then
    local longest = 0
    for at = LIMITS, #request, 2 do
      longest = math.max(longest, request[at])
    end
    if now >= state.breach then
      answer[6] = 1
      if request[BLOCK] > 0 then state.blocked = now + request[BLOCK] end
    end
    state.breach = now + longest
    write(key, state, now)
  end
  for _, number in ipairs(answer) do
    table.insert(reply, number)
  end
end
return reply

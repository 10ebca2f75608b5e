-- The value of a key and its windows, with the arithmetic of filters/src/store/{window,state}.rs, number for number.
--
--   value  = blocked_until breach_until windows *window
--   window = slots width quota end_before units_before *slot
--   slot   = end units
--
-- `windows` and `slots` are counts of 1 octet; every other number has 7 octets; all are little-endian and below 2^53.
-- `end_before` and `units_before` are the last slot as it was before the last charge, for `undo`. src/store/redis/codec.rs
-- reads this layout too. While a script runs, a window is a table { width, quota, end before, units before, end, units,
-- end, units, ... }, so that one call of struct.pack or struct.unpack converts it.

local MAX_UNITS = 2 ^ 50
local FOR_EVER = 2 ^ 52
local SLOTS = 17
local BEFORE = 3 -- index of the last slot as it was before the last charge
local FIRST = 5 -- index of the first slot

local function server_time()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- Reads a key's value; a key that does not exist has counted nothing.
local function read(text)
  local state = { blocked = 0, breach = 0, windows = {} }
  if not text then return state end
  local count, at
  state.blocked, state.breach, count, at = struct.unpack('<I7I7I1', text)
  for index = 1, count do
    local slots = struct.unpack('<B', text, at)
    local window = { struct.unpack('<xI7I7I7I7' .. string.rep('I7I7', slots), text, at) }
    at = table.remove(window)
    state.windows[index] = window
  end
  return state
end

local function write(key, state, now)
  local parts = { struct.pack('<I7I7I1', state.blocked, state.breach, #state.windows) }
  local idle = math.max(state.blocked, state.breach)
  for index, window in ipairs(state.windows) do
    local size = #window
    local slots = (size - FIRST + 1) / 2
    parts[index + 1] = struct.pack('<BI7I7I7I7' .. string.rep('I7I7', slots), slots, unpack(window))
    if slots > 0 then idle = math.max(idle, window[size - 1] + window[1]) end
  end
  -- The key stays for a minute at least, since the clock of the server may be set.
  redis.call('SET', key, table.concat(parts), 'PX', math.max(idle - now, 60000))
end

-- As Window::settle.
local function settle(window, now)
  local width, size = window[1], #window
  local gone = 0
  for at = FIRST, size, 2 do
    if window[at] > now then window[at] = now end
    if gone == at - FIRST and window[at] + width <= now then gone = gone + 2 end
  end
  if gone == 0 then return end
  for at = FIRST, size do
    window[at] = window[at + gone]
  end
end

-- Brings a state up to these limits: { width, quota, width, quota, ... } from index `first` to `last`.
local function fit(state, limits, first, last)
  local old, same = state.windows, true
  for at = first, last, 2 do
    local window = old[(at - first) / 2 + 1]
    same = same and window and window[1] == limits[at] and window[2] == limits[at + 1]
  end
  if same and #old == (last - first + 1) / 2 then return end
  state.windows = {}
  for at = first, last, 2 do
    local fitting = { limits[at], limits[at + 1], 0, 0 }
    for _, window in ipairs(old) do
      if window[1] == limits[at] then
        fitting = { unpack(window) }
        fitting[2] = limits[at + 1]
        break
      end
    end
    table.insert(state.windows, fitting)
  end
end

local function used(window)
  local sum = 0
  for at = FIRST + 1, #window, 2 do
    sum = sum + window[at]
  end
  return sum
end

-- As Window::wait; nil for never.
local function wait(window, now, units)
  local room = window[2] - units
  if room < 0 then return nil end
  local sum, result = used(window), 0
  for at = FIRST, #window, 2 do
    if sum <= room then break end
    sum = sum - window[at + 1]
    result = math.max(window[at] + window[1] - now, 0)
  end
  return result
end

-- As Window::join.
local function join(window)
  local least, place
  for at = FIRST, #window - 2, 2 do
    local sum = window[at + 1] + window[at + 3]
    if not least or sum < least then least, place = sum, at end
  end
  table.remove(window, place + 1)
  table.remove(window, place)
  window[place + 1] = least
end

-- As Window::add.
local function add(window, now, units)
  local size = #window
  local grain = math.max(math.ceil(window[2] / (SLOTS - 1)), 1)
  if size > FIRST and (window[size] < grain or window[size - 1] == now) then
    window[BEFORE], window[BEFORE + 1] = window[size - 1], window[size]
    window[size - 1], window[size] = now, math.min(window[size] + units, MAX_UNITS)
    return
  end
  if size == FIRST - 1 + 2 * SLOTS then
    join(window)
    size = size - 2
  end
  window[BEFORE], window[BEFORE + 1] = 0, 0
  window[size + 1], window[size + 2] = now, units
end

-- As Window::remove.
local function remove(window, at, units)
  local kept = FIRST
  for place = FIRST, #window, 2 do
    local last, count = window[place], window[place + 1]
    if last >= at then
      local taken = math.min(count, units)
      count, units = count - taken, units - taken
    end
    if count > 0 then
      window[kept], window[kept + 1], kept = last, count, kept + 2
    end
  end
  for place = #window, kept, -1 do
    window[place] = nil
  end
end

-- Takes the last charge back completely, if nothing has been charged since; true if so. The units that stay in the slot
-- were counted no later than its old end, so that end can be put back.
local function undo(window, at, units)
  local size = #window
  local before = window[BEFORE + 1]
  if before == 0 or window[size - 1] ~= at or window[size] ~= before + units then return false end
  window[size - 1], window[size] = math.min(window[BEFORE], at), before
  window[BEFORE], window[BEFORE + 1] = 0, 0
  return true
end

-- Quirk 29: the answer is part of the offer, for every version that an MTA may speak.

local function subset(what, conn, test, offer)
	for bit = 0, 31 do
		local mask = 2 ^ bit
		if test(conn, mask) and math.floor(offer / mask) % 2 == 0 then
			error(string.format("%s: bit 0x%x was not offered", what, mask))
		end
	end
end

for version, steps in pairs({ [2] = 0x7f, [3] = 0x17f, [4] = 0x37f, [6] = 0x1fffff }) do
	local conn = open(steps, version)
	subset("steps of version " .. version, conn, mt.test_option, steps)
	subset("actions of version " .. version, conn, mt.test_action, ALL_ACTIONS)
	check("may insert fields", mt.test_action(conn, SMFIF_ADDHDRS), true)
	hello(conn)
	signed("version " .. version, send(conn))
	mt.disconnect(conn)
end

-- a future MTA: it offers more than there is today
local conn = open(0x1fffffff, 7, 0xffff)
subset("steps of version 7", conn, mt.test_option, 0x1fffff)
subset("actions of version 7", conn, mt.test_action, ALL_ACTIONS)
mt.disconnect(conn)

-- an MTA that lets filters insert no fields: signing is impossible, so the filter must not pretend
conn = mt.connect(socket, 40, 0.05)
local failure = mt.negotiate(conn, 6, ALL_STEPS, ALL_ACTIONS - 1)
check("negotiation without ADDHDRS is refused", failure ~= nil or mt.getreply(conn) ~= string.byte("O"), true)
mt.disconnect(conn, false)

-- What nobody has to answer is waived, so that Postfix pipelines; what nobody reads is switched off.

local conn = open()
local waived = { header = 0x80, connect = 0x1000, helo = 0x2000, mail = 0x4000, rcpt = 0x8000, data = 0x10000, unknown = 0x20000, eoh = 0x40000, body = 0x80000 }
for step, mask in pairs(waived) do
	local off = mt.test_option(conn, NO[step])
	check("a reply to " .. step .. " is not needed", off or mt.test_option(conn, mask), true)
end
check("UNKNOWN is switched off", mt.test_option(conn, NO.unknown), true)
check("the body is needed", mt.test_option(conn, NO.body), false)
check("header fields are needed", mt.test_option(conn, NO.header), false)
check("leading space", mt.test_option(conn, LEADING_SPACE), true)
mt.disconnect(conn)

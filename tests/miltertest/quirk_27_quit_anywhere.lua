-- Quirk 27: QUIT or a broken connection in mid-message ends it; the next connection knows nothing of it.

for _, polite in ipairs({ true, false }) do
	local conn = open()
	mt.disconnect(conn, polite)
	conn = open()
	hello(conn)
	mt.disconnect(conn, polite)
	conn = open()
	hello(conn)
	envelope(conn, "alice@test.example")
	mt.disconnect(conn, polite)
	conn = open()
	hello(conn)
	envelope(conn, "alice@test.example")
	content(conn)
	mt.disconnect(conn, polite)
end
local conn = open()
hello(conn)
signed("message after all that", send(conn))
mt.disconnect(conn)

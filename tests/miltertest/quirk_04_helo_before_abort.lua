-- Quirk 4: when a client says HELO in mid-message, Postfix reports the new HELO first and the ABORT after it.

local conn = open()
hello(conn)
envelope(conn, "alice@test.example")
go(conn, NO.helo, "HELO", function() return mt.helo(conn, "again.example") end)
mt.abort(conn)
mt.abort(conn)
signed("after the second HELO", send(conn))
mt.disconnect(conn)

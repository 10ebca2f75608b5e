-- UNKNOWN (an SMTP command that the MTA does not know) changes nothing, wherever it comes.

local conn = open(0x17f, 3)
hello(conn)
go(conn, NO.unknown, "UNKNOWN", function() return mt.unknown(conn, "FOOBAR") end)
envelope(conn, "alice@test.example")
go(conn, NO.unknown, "UNKNOWN", function() return mt.unknown(conn, "FOOBAR x y") end)
content(conn)
check("final reply", finish(conn), "a")
signed("message", mt.getheader(conn, "DKIM-Signature", 0))
mt.disconnect(conn)

-- dkim: on_missing_key = "tempfail"
-- Quirks 6 and 7: the same with a temporary failure.

local conn = open()
hello(conn)
envelope(conn, "bob@nokey.example")
content(conn, "bob@nokey.example")
local reply = finish(conn)
check("final reply is a temporary failure", reply == "y" or reply == "t", true)
unsigned("tempfailed", conn)
mt.abort(conn)
signed("the next message", send(conn))
mt.disconnect(conn)

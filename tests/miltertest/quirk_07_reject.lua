-- dkim: on_missing_key = "reject"
-- Quirks 6 and 7: a rejection is a 5xx whose enhanced code has the same class, in the form that both MTAs accept.

local conn = open()
hello(conn)
envelope(conn, "bob@nokey.example")
content(conn, "bob@nokey.example")
local reply = finish(conn)
check("final reply is a rejection", reply == "y" or reply == "r", true)
unsigned("rejected", conn)
mt.abort(conn)
signed("the next message", send(conn))
mt.disconnect(conn)

-- Quirk 23: a large body is read to its end; nothing tells the MTA to skip the rest.

local conn = open(0x7f + 0x400, 6) -- SKIP is offered, waivers are not: each chunk is answered
hello(conn)
envelope(conn, "alice@test.example")
local chunk = string.rep("0123456789abcdef0123456789abcdef0123456789abcdef\r\n", 20)
local chunks = {}
for at = 1, 500 do chunks[at] = chunk end
content(conn, nil, chunks)
check("final reply", finish(conn), "a")
signed("message", mt.getheader(conn, "DKIM-Signature", 0))
mt.disconnect(conn)

-- Quirk 5: an MTA that knows no waiver gets exactly one reply to each step, and CONTINUE until the end.

local conn = open(0x7f, 2)
hello(conn)
for _ = 1, 3 do
	signed("message", send(conn, nil, { "one\r\n", "two\r\n", "three\r\n" }))
end
mt.disconnect(conn)

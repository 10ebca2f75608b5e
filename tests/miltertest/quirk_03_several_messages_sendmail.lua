-- Quirk 3: Sendmail sends no ABORT after a message; MAIL begins the next one.

local conn = open()
hello(conn)
local first = signed("first", send(conn))
send(conn, "bob@nokey.example")
unsigned("second, of a domain without a key", conn)
local third = signed("third", send(conn))
check("body hash of the third", tag(third, "bh"), tag(first, "bh"))
mt.disconnect(conn)

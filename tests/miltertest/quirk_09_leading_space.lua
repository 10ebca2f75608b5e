-- Quirks 9 and 10: without the leading-space option the MTA adds the space, so the value must not have one.

local conn = open(ALL_STEPS - LEADING_SPACE)
check("leading space negotiated", mt.test_option(conn, LEADING_SPACE), false)
hello(conn)
local signature = signed("message", send(conn))
check("first byte of the value is no space", string.sub(signature, 1, 1) ~= " ", true)
mt.disconnect(conn)

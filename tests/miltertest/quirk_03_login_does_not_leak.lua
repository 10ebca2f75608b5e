-- Quirk 3: a login belongs to its message. The next one on the same connection, without a login, is not ours to sign.

local conn = open()
hello(conn)
signed("with a login", send(conn))
mt.abort(conn)
envelope(conn, nil)
content(conn)
check("final reply", finish(conn), "a")
unsigned("without a login", conn)
mt.disconnect(conn)

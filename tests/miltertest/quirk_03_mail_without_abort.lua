-- Quirk 3: Sendmail may begin a new message without an ABORT when the last one ended early (a refused recipient, RSET).

local conn = open()
hello(conn)
envelope(conn, "bob@nokey.example")
signed("after an envelope that came to nothing", send(conn))
mt.disconnect(conn)

-- A message as Postfix sends it is signed: by insertion at the top, and nothing else is edited.
-- Quirks 8, 9, 12, 13, 25: no CR in the value, a leading space as negotiated, inserted and not added, ends in ACCEPT.

local conn = open()
hello(conn)
local signature = signed("message", send(conn))
check("CR in the value", string.find(signature, "\r", 1, true), nil)
check("first byte of the value", string.sub(signature, 1, 1), " ")
check("second byte is no space", string.sub(signature, 2, 2) ~= " ", true)
check("inserted", mt.eom_check(conn, MT_HDRINSERT, "DKIM-Signature"), true)
for what, edit in pairs({ add = MT_HDRADD, change = MT_HDRCHANGE, delete = MT_HDRDELETE, body = MT_BODYCHANGE, quarantine = MT_QUARANTINE }) do
	check("edit " .. what, mt.eom_check(conn, edit), false)
end
mt.abort(conn) -- Postfix aborts after every message, and again before it quits
mt.abort(conn)
mt.disconnect(conn)

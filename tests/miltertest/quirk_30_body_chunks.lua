-- Quirks 23 and 30: the hash covers the whole body, wherever the MTA cuts it, also between CR and LF; a chunk may be
-- empty, and so may the body.

local whole = "a line\r\n\r\n \t\r\nlast line  \r\n\r\n\r\n"
local conn = open()
hello(conn)
local expected = tag(signed("one chunk", send(conn, nil, whole)), "bh")
for at = 1, #whole - 1 do
	mt.abort(conn)
	local got = tag(signed("two chunks", send(conn, nil, { string.sub(whole, 1, at), string.sub(whole, at + 1) })), "bh")
	check("body hash, cut behind byte " .. at, got, expected)
end
local bytes = {}
for at = 1, #whole do bytes[at] = string.sub(whole, at, at) end
mt.abort(conn)
check("body hash, byte by byte", tag(signed("bytes", send(conn, nil, bytes)), "bh"), expected)
mt.abort(conn)
check("body hash, with empty chunks", tag(signed("empty chunks", send(conn, nil, { "", whole, "" })), "bh"), expected)
mt.abort(conn)
-- RFC 6376 section 3.4.4: the hash of no body at all, relaxed
check("body hash of no body", tag(signed("no body", send(conn, nil, { "" })), "bh"), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")
mt.disconnect(conn)

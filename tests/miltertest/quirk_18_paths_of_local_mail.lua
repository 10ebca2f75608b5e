-- Quirk 18: mail from sendmail(1) has paths without brackets, and an empty string for the null sender.

for _, sender in ipairs({ "alice@test.example", "", "<>", "<alice@test.example>" }) do
	local conn = open()
	hello(conn, "127.0.0.1", "localhost")
	go(conn, NO.mail, "MAIL", function() return mt.mailfrom(conn, sender) end)
	go(conn, NO.rcpt, "RCPT", function() return mt.rcptto(conn, "someone@dest.example") end)
	content(conn)
	check("final reply for sender '" .. sender .. "'", finish(conn), "a")
	signed("sender '" .. sender .. "'", mt.getheader(conn, "DKIM-Signature", 0))
	mt.disconnect(conn) -- no ABORT: that is how these sessions end
end

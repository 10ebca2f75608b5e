-- What all scripts share: a connection, a whole message as Postfix or Sendmail sends it, and checks that say what was
-- expected. miltertest's buffers hold 1,024 bytes, so the daemon signs with Ed25519 only here (short signatures).
--
-- miltertest -D socket=inet:PORT@HOST -D script=FILE.lua -s run.lua

NO = { connect = 0x1, helo = 0x2, mail = 0x4, rcpt = 0x8, body = 0x10, header = 0x20, eoh = 0x40, unknown = 0x100, data = 0x200 }
ALL_STEPS, ALL_ACTIONS = 0x1fffff, 0x1ff
LEADING_SPACE = 0x100000

function check(what, got, want)
	if got ~= want then
		error(string.format("%s: expected %s, got %s", what, tostring(want), tostring(got)), 2)
	end
end

function ok(what, failure)
	if failure ~= nil then error(what .. ": " .. tostring(failure), 2) end
end

function name(reply)
	return reply == 0 and "none" or string.char(reply)
end

-- A new connection. `steps` is what this MTA offers, all by default; a wrong answer to the negotiation is an error.
function open(steps, version, actions)
	local conn = mt.connect(socket, 40, 0.05)
	if conn == nil then error("nobody listens at " .. socket) end
	ok("negotiation", mt.negotiate(conn, version or 6, steps or ALL_STEPS, actions or ALL_ACTIONS))
	return conn
end

-- Sends a step unless the filter has switched it off, and checks that it may go on.
function go(conn, switch, what, send)
	if mt.test_option(conn, switch) then return end
	ok(what, send())
	check("reply to " .. what, name(mt.getreply(conn)), "c")
end

-- Client and HELO. Without an address it is 192.0.2.9, which is nobody's network.
function hello(conn, address, host)
	mt.macro(conn, SMFIC_CONNECT, "j", "mta.test.example", "{daemon_name}", "mta.test.example", "v", "Postfix 3.7.11")
	go(conn, NO.connect, "CONNECT", function() return mt.conninfo(conn, host or "client.example", address or "192.0.2.9") end)
	go(conn, NO.helo, "HELO", function() return mt.helo(conn, "client.example") end)
end

-- The envelope; `user` is who has logged in, or nil.
function envelope(conn, user, sender)
	if user then
		mt.macro(conn, SMFIC_MAIL, "{auth_type}", "PLAIN", "{auth_authen}", user, "{mail_addr}", "alice@test.example")
	else
		mt.macro(conn, SMFIC_MAIL, "{mail_addr}", "alice@test.example")
	end
	go(conn, NO.mail, "MAIL", function() return mt.mailfrom(conn, sender or "<alice@test.example>", "BODY=8BITMIME") end)
	mt.macro(conn, SMFIC_RCPT, "i", "ABCDEF", "{rcpt_addr}", "someone@dest.example")
	go(conn, NO.rcpt, "RCPT", function() return mt.rcptto(conn, "<someone@dest.example>") end)
	go(conn, NO.data, "DATA", function() return mt.data(conn) end)
end

-- Header section and body; `from` is the From field's body. The body is one chunk, or a table of chunks.
function content(conn, from, body)
	local fields = { { "From", from or "alice@test.example" }, { "To", "someone@dest.example" }, { "Subject", "miltertest" },
		{ "Date", "Sun, 22 Nov 2026 10:00:00 +0000" }, { "Message-ID", "<1@test.example>" } }
	for _, field in ipairs(fields) do
		go(conn, NO.header, field[1], function() return mt.header(conn, field[1], field[2]) end)
	end
	go(conn, NO.eoh, "end of header", function() return mt.eoh(conn) end)
	if body == nil then body = "Hello,\r\n\r\nall is well.\r\n" end
	if type(body) == "string" then body = { body } end
	for _, chunk in ipairs(body) do
		go(conn, NO.body, "body", function() return mt.bodystring(conn, chunk) end)
	end
end

-- End of message: the final reply as a letter.
function finish(conn)
	ok("end of message", mt.eom(conn))
	return name(mt.getreply(conn))
end

-- A whole message of a user who has logged in; returns the body of the DKIM-Signature, or nil.
function send(conn, from, body)
	envelope(conn, "alice@test.example")
	content(conn, from, body)
	check("final reply", finish(conn), "a")
	return mt.getheader(conn, "DKIM-Signature", 0)
end

-- One tag of a signature, without white space.
function tag(signature, wanted)
	for key, value in string.gmatch(signature .. ";", "%s*(%a+)%s*=([^;]*);") do
		if key == wanted then return (string.gsub(value, "%s", "")) end
	end
end

function signed(what, signature)
	if signature == nil then error(what .. ": not signed", 2) end
	check(what .. ": d=", tag(signature, "d"), "test.example")
	return signature
end

function unsigned(what, conn)
	check(what .. ": has a signature", mt.getheader(conn, "DKIM-Signature", 0), nil)
end

-- miltertest itself does not say why a script failed
local good, message = pcall(dofile, script)
if not good then
	mt.echo(tostring(message))
	error(message, 0)
end

-- Quirks 2 and 19: clients are known by address, IPv4 and IPv6 alike; our own networks need no login.

for address, ours in pairs({ ["127.0.0.1"] = true, ["::1"] = true, ["192.0.2.9"] = false, ["2001:db8::9"] = false, ["unspec"] = false }) do
	local conn = open()
	hello(conn, address)
	envelope(conn, nil)
	content(conn)
	check("final reply for " .. address, finish(conn), "a")
	if ours then
		signed(address, mt.getheader(conn, "DKIM-Signature", 0))
	else
		unsigned(address, conn)
	end
	mt.disconnect(conn)
end

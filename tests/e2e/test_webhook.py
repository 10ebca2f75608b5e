"""Breaches are told to a webhook: over HTTP and HTTPS, again if need be, and never at the expense of mail."""

import http.server
import json
import socket
import ssl
import subprocess
import threading
from pathlib import Path

import pytest

from rig.limited import ALICE, BOB, Limited
from rig.place import HOST, need_tool, wait_for


@pytest.fixture(scope="module")
def here(place):
    with Limited(place) as here:
        yield here


@pytest.fixture(autouse=True)
def afresh(here):
    yield
    here.forget()


class Hook(http.server.ThreadingHTTPServer):
    """Takes events; answers 503 to the first. With a certificate it speaks TLS."""

    def __init__(self, certificate: Path | None = None):
        self.events, self.tokens, self.failures = [], [], 1
        super().__init__((HOST, 0), Hook.Handler)
        if certificate:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(certificate, certificate.with_suffix(".key"))
            self.socket = tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    @property
    def port(self) -> int:
        return self.server_address[1]

    def __enter__(self) -> "Hook":
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_exc) -> None:
        self.shutdown()
        self.server_close()

    def handle_error(self, *_) -> None:
        """Clients that don't like the certificate."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.server.failures:
                self.server.failures -= 1
                self.send_response(503)
            else:
                self.server.events.append(json.loads(body))
                self.server.tokens.append(self.headers["Authorization"])
                self.send_response(204)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass


def test_a_breach_is_told_to_a_webhook(here):
    (here.folder / "token").write_text("0123456789abcdef0123\n")
    with Hook() as hook:
        url = f"http://{HOST}:{hook.port}/hook"
        here.start("2/1h", f'[webhook]\nurl = "{url}"\ntoken_file = "token"')
        assert here.send(5) == 2
        wait_for("the second attempt", lambda: hook.events)
        assert here.send(3, BOB) == 2
        wait_for("the other breach", lambda: len(hook.events) == 2)
        event = hook.events[0]
        assert (event["event"], event["rule"], event["key"]) == ("rate_limit_breach", "messages", f"messages:{ALICE}")
        assert (event["limit"], event["used"], event["user"], event["client"]) == ("2/1h", 2, ALICE, HOST)
        assert hook.tokens[0] == "Bearer 0123456789abcdef0123"
        assert here.daemon.metrics().sum("postseal_webhook_total", outcome="sent") == 2


def test_the_url_may_stand_in_a_file(here):
    with Hook() as hook:
        (here.folder / "url").write_text(f"http://{HOST}:{hook.port}/hook/secret\n")
        here.start("2/1h", '[webhook]\nurl_file = "url"')
        assert here.send(3) == 2
        wait_for("the breach", lambda: hook.events)
        assert not [line for line in here.daemon.lines() if "secret" in str(line)]


def test_a_webhook_that_hangs_delays_no_mail(here):
    """Nobody answers there: a listening socket whose queue is full."""
    with socket.socket() as dead:
        dead.bind((HOST, 0))
        dead.listen(0)
        url = f"http://{HOST}:{dead.getsockname()[1]}/"
        here.start("2/1h", f'[webhook]\nurl = "{url}"\ntimeout = "100ms"\nretries = 0\nqueue = 1')
        assert (here.send(3), here.send(3, BOB)) == (2, 2)
        slowest = max(line["duration_us"] for line in here.daemon.messages(4))
        assert slowest < 5_000_000, "no message waits for the webhook's time-outs"
        failed = lambda: here.daemon.metrics().sum("postseal_webhook_total", outcome="failed")  # noqa: E731
        wait_for("events given up", lambda: failed() >= 1)


@pytest.fixture(scope="module")
def certificates(place) -> Path:
    """A folder with `ca`, who vouches for `good`, a server at 127.0.0.1."""
    folder = place.folder("tls")

    def openssl(*arguments: str) -> None:
        subprocess.run([need_tool("openssl"), *arguments], cwd=folder, check=True, capture_output=True)

    new = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    (folder / "names").write_text(f"subjectAltName=IP:{HOST}\n")
    openssl("req", "-x509", "-subj", "/CN=a CA of our own", "-days", "2", *new, "-keyout", "ca.key", "-out", "ca")
    openssl("req", "-subj", "/CN=hook", *new, "-keyout", "good.key", "-out", "request")
    sign = ["-CA", "ca", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "names"]
    openssl("x509", "-req", "-in", "request", *sign, "-out", "good")
    return folder


def test_over_tls_to_whom_the_system_trusts(here, certificates):
    with Hook(certificates / "good") as hook:
        url = f"https://{HOST}:{hook.port}/hook"
        here.start("2/1h", f'[webhook]\nurl = "{url}"', env={"SSL_CERT_FILE": str(certificates / "ca")})
        assert here.send(3) == 2
        wait_for("the event, at the second attempt", lambda: hook.events)
        assert hook.events[0]["key"] == f"messages:{ALICE}"


@pytest.mark.parametrize("host, ca, why", [(HOST, None, "UnknownIssuer"), ("localhost", "ca", "not valid for name")])
def test_nothing_is_told_to_whom_nobody_vouches_for(here, certificates, host, ca, why):
    env = {"SSL_CERT_FILE": str(certificates / ca)} if ca else {}
    with Hook(certificates / "good") as hook:
        here.start("2/1h", f'[webhook]\nurl = "https://{host}:{hook.port}/"\nretries = 0', env=env)
        assert here.send(3) == 2
        lines = wait_for("a warning", lambda: [line for line in here.daemon.lines() if line.get("event") == "webhook"])
        assert lines[0]["level"] == "warn" and lines[0]["url"] == host
        assert "certificate" in lines[0]["reason"] and why in lines[0]["reason"], lines
        assert here.daemon.metrics().sum("postseal_webhook_total", outcome="failed") == 1
        assert not hook.events

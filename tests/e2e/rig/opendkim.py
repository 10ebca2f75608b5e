"""OpenDKIM as a signing milter: somebody else's signer, to test the rig itself."""

from pathlib import Path

from .keys import Key
from .place import HOST, free_port, need_tool, port_is_open
from .process import Process

CONFIG = """\
Syslog no
Mode s
Domain {key.domain}
Selector {key.selector}
KeyFile {key.file}
Socket inet:{port}@127.0.0.1
UserID root
RequireSafeKeys no
Canonicalization relaxed/relaxed
{extra}
"""


class OpenDkim:
    """Signs the mail of one RSA key's domain; `extra` are more lines of its configuration."""

    def __init__(self, folder: Path, key: Key, extra: str = ""):
        self.port = free_port()
        file = folder / "opendkim.conf"
        file.write_text(CONFIG.format(key=key, port=self.port, extra=extra))
        self.process = Process([need_tool("opendkim"), "-f", "-x", file], folder / "opendkim.log")

    @property
    def milter(self) -> str:
        return f"inet:{HOST}:{self.port}"

    def __enter__(self) -> "OpenDkim":
        self.process.start()
        self.process.wait_until("port", lambda: port_is_open(self.port))
        return self

    def __exit__(self, *_exc) -> None:
        self.process.stop(0.2)  # it takes five seconds to end by itself

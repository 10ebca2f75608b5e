"""The daemon's TOML file, put together from the few things that tests vary."""

import json
from dataclasses import dataclass, field
from pathlib import Path

from .keys import Key
from .place import HOST, free_port


@dataclass
class Milter:
    """A `[[listener]]`: TCP on a free port, or the unix socket `socket`, open to Postfix."""

    name: str
    role: str = "submission"
    socket: Path | None = None
    port: int = field(default_factory=free_port)

    @property
    def address(self) -> str:
        """As the daemon and Postfix write it; Sendmail wants `for_sendmail`."""
        return f"unix:{self.socket}" if self.socket else f"inet:{HOST}:{self.port}"

    @property
    def for_sendmail(self) -> str:
        return f"local:{self.socket}" if self.socket else f"inet:{self.port}@{HOST}"

    def toml(self) -> str:
        lines = ["[[listener]]", f'name = "{self.name}"', f'address = "{self.address}"', f'role = "{self.role}"']
        if self.socket:
            lines += ['mode = "0660"', 'group = "postfix"']
        return "\n".join(lines) + "\n\n"


def domain(name: str, keys: list[Key], signing_domain: str | None = None) -> str:
    """A `[[dkim.domain]]` that signs with all of `keys`."""
    lines = ["[[dkim.domain]]", f'domain = "{name}"']
    if signing_domain:
        lines.append(f'signing_domain = "{signing_domain}"')
    lines.append("keys = [")
    lines += [f'  {{ selector = "{key.selector}", file = "{key.file}" }},' for key in keys]
    return "\n".join(lines) + "\n]\n\n"


@dataclass
class Config:
    """`dkim` (None: nothing is signed), `origin` and `log` are settings of those sections; `more` is text for the end of the file."""

    milters: list[Milter]
    domains: list[str] = field(default_factory=list)
    dkim: dict[str, object] | None = field(default_factory=dict)
    origin: dict[str, object] = field(default_factory=lambda: {"authenticated": True, "networks": []})
    log: dict[str, object] = field(default_factory=lambda: {"format": "json", "level": "info"})
    more: str = ""
    admin: int = field(default_factory=free_port)

    def toml(self) -> str:
        parts = [one.toml() for one in self.milters]
        parts.append(f'[admin]\naddress = "{HOST}:{self.admin}"\n\n')
        parts.append(_section("origin", self.origin))
        if self.dkim is not None:
            parts.append(_section("dkim", self.dkim))
        parts += self.domains
        parts.append(_section("log", self.log))
        return "".join(parts) + self.more


def _section(name: str, values: dict[str, object]) -> str:
    # JSON's strings, numbers, booleans and arrays of them are TOML too
    lines = [f"{key} = {json.dumps(str(value) if isinstance(value, Path) else value)}" for key, value in values.items()]
    return "\n".join([f"[{name}]", *lines]) + "\n\n"

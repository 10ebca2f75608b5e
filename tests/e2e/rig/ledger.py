"""What a crowd of clients was told, against what arrived: nothing lost, doubled or unsigned.

A message is lost if its client saw 250 and the sink never got it. One that arrived although its client was not told so
is a ghost: allowed only if the connection broke after the final dot (RFC 1047), never after a 4xx.
"""

from collections import Counter
from dataclasses import dataclass, field

from .crowd import Crowd
from .sink import Arrival
from .verify import DkimPy, passed


@dataclass
class Balance:
    replies: Counter = field(default_factory=Counter)
    arrived: int = 0
    lost: list[int] = field(default_factory=list)
    doubled: list[int] = field(default_factory=list)
    ghosts: list[int] = field(default_factory=list)
    unsigned: list[int] = field(default_factory=list)
    longest_gap: float = 0.0

    @property
    def accepted(self) -> int:
        return self.replies["250"]

    @property
    def tempfailed(self) -> int:
        return sum(count for code, count in self.replies.items() if code.startswith("4"))

    @property
    def strange(self) -> dict[str, int]:
        """Replies that a client must never see."""
        return {code: count for code, count in self.replies.items() if code != "250" and not code.startswith("4")}

    def assert_whole(self) -> None:
        """The promise: no mail lost, doubled, unsigned, and clients see 250 or 4xx only."""
        assert not self.lost, f"lost: {_few(self.lost)}"
        assert not self.doubled, f"doubled: {_few(self.doubled)}"
        assert not self.ghosts, f"arrived although refused: {_few(self.ghosts)}"
        assert not self.unsigned, f"unsigned or badly signed: {_few(self.unsigned)}"
        assert not self.strange, f"replies: {self.strange}"

    def __str__(self) -> str:
        others = ", ".join(f"{count} x {code}" for code, count in sorted(self.replies.items()) if code != "250")
        return (
            f"{self.accepted} accepted, {self.tempfailed} tempfailed ({others or 'no other replies'}), "
            f"{self.arrived} arrived, "
            f"{len(self.lost)} lost, {len(self.doubled)} doubled, {len(self.unsigned)} unsigned, "
            f"longest time without an accepted mail {self.longest_gap:.2f} s"
        )


def balance(
    crowd: Crowd, arrivals: list[Arrival], verifier: DkimPy, algorithms: tuple[str, ...], domain: str
) -> Balance:
    """Compares, and verifies each message that arrived. The queue must have drained."""
    result = Balance(longest_gap=crowd.longest_gap(), arrived=len(arrivals))
    result.replies.update(str(one.reply.code) if one.reply else f"no reply: {one.error}" for one in crowd.sent)
    arrived = Counter(int(one.value("X-Seq")) for one in arrivals)
    accepted = {one.seq for one in crowd.accepted()}
    broken = {one.seq for one in crowd.sent if one.reply is None}
    result.lost = sorted(accepted - arrived.keys())
    result.doubled = sorted(seq for seq, count in arrived.items() if count > 1)
    result.ghosts = sorted(arrived.keys() - accepted - broken)
    for one in arrivals:
        verdicts = verifier.check_one(one.data)
        if not all(passed(verdicts, domain, algorithm) for algorithm in algorithms):
            result.unsigned.append(int(one.value("X-Seq")))
    return result


def _few(numbers: list[int]) -> str:
    return f"{len(numbers)} messages, among them {numbers[:10]}"

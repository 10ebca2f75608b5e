"""The Grafana dashboards, as Python: `make dashboards` writes deploy/grafana/*.json from them.

`build` has the parts that all share, one module each dashboard. The JSON is what users import; a test demands that it is
what these modules give.
"""

import json
from pathlib import Path

from . import dkim, limits, overview

FOLDER = Path(__file__).resolve().parents[3] / "deploy" / "grafana"


def all_texts() -> dict[Path, str]:
    """What each file must hold."""
    boards = {"overview": overview.board(), "dkim": dkim.board(), "limits": limits.board()}
    return {FOLDER / f"{name}.json": json.dumps(board.json(), indent=2, ensure_ascii=False) + "\n"
            for name, board in boards.items()}

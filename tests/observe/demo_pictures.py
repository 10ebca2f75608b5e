#!/usr/bin/python3
"""Mail of all kinds for a minute, and what the dashboards show of it: `make demo-pictures`."""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))
sys.dont_write_bytecode = True

import grafana  # noqa: E402
import picture  # noqa: E402
from rig.place import ROOT, Place, need_root  # noqa: E402
from scene import company  # noqa: E402
from traffic import Traffic  # noqa: E402

SECONDS = 60
FOLDER = ROOT / "target" / "pictures"


def main() -> None:
    need_root("Postfix starts as root")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with Place("pictures") as place, company(place) as scene, Traffic(scene.world) as traffic:
        print(f"Postfix, postseal, Redis and Prometheus are up; sending mail of {len(traffic.threads)} kinds for {SECONDS} s")
        start = time.time()
        time.sleep(SECONDS)
        print(f"{traffic.sent} mails sent")
        for path in grafana.FILES:
            file = FOLDER / f"{path.stem}.png"
            picture.draw(grafana.load(path), scene.prometheus, grafana.Window(start, time.time(), 1), file)
            print(file)


if __name__ == "__main__":
    main()

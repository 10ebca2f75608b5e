"""A ConfigMap or Secret volume as the kubelet keeps it, so that what is mounted changes as it does in a pod.

    FOLDER/..2026_11_22_1      the files, really
    FOLDER/..data              -> ..2026_11_22_1; renamed over when there is a new version
    FOLDER/postseal.toml       -> ..data/postseal.toml, and so on for each file
"""

import itertools
import os
import shutil
from collections.abc import Callable
from pathlib import Path


class Volume:
    """`write` puts a new version in force, in the kubelet's order of steps (atomic_writer.go)."""

    def __init__(self, folder: Path, files: dict[str, bytes], mode: int = 0o644, group: int = 0):
        self.folder, self.mode, self.group = folder, mode, group
        self._number = itertools.count(1)
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o777)
        self.write(files)

    def write(self, files: dict[str, bytes], between: Callable[[], None] = lambda: None) -> None:
        """`between` is called where the files are new already and the links to them still old."""
        old = os.readlink(self.folder / "..data") if (self.folder / "..data").is_symlink() else None
        version = self.folder / f"..2026_11_22_{next(self._number)}"
        version.mkdir()
        version.chmod(0o755)
        for name, content in files.items():
            file = version / name
            file.write_bytes(content)
            os.chown(file, 0, self.group)
            file.chmod(self.mode)
        (self.folder / "..data_tmp").symlink_to(version.name)
        (self.folder / "..data_tmp").rename(self.folder / "..data")
        between()
        for name in files:
            if not (self.folder / name).is_symlink():
                (self.folder / name).symlink_to(f"..data/{name}")
        for link in self.folder.iterdir():
            if not link.name.startswith("..") and link.name not in files:
                link.unlink()
        if old:
            shutil.rmtree(self.folder / old)

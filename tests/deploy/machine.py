"""A Debian 12 of its own: a real systemd as process 1, over a fresh installation that is never changed.

The machine is an overlay in private namespaces, so what is installed, started or broken in it is gone with it. It shares
the network of the test, which `private_network` makes a private one: the ports of mail are free there.

systemd needs more than a chroot: the root must be a mount point that was pivoted to, mounts must spread (or services
with an own view see nothing of /run/credentials), and /proc/sys must not be writable, because it is the kernel's.
"""

import ctypes
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rig.place import CACHE, MissingTool, need_root, need_tool, wait_for
from rig.process import Process

FRESH = CACHE / "bookworm"  # made by tests/setup.sh deploy

BOOT = """\
set -e
cgroup={cgroup}
mkdir $cgroup
echo $$ >$cgroup/cgroup.procs
exec unshare --mount --pid --uts --ipc --cgroup --fork --kill-child bash -c '
set -e
mount --make-rprivate /
mount -t overlay overlay -o lowerdir={fresh},upperdir={folder}/upper,workdir={folder}/work {folder}/root
cd {folder}/root
mount -t proc proc proc
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs tmpfs tmp
mount -t sysfs -o ro sysfs sys
mount -t tmpfs tmpfs sys/fs/cgroup
mount -t cgroup2 none sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs dev
for node in null zero full random urandom tty; do cp -a /dev/$node dev/; done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts dev/pts
mount -t tmpfs -o mode=1777 tmpfs dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
: >dev/console
hostname mail.example.com
mkdir -p old
pivot_root . old
umount -l /old
cd /
mount --make-rshared /
exec env -i container=test PATH=/usr/sbin:/usr/bin /lib/systemd/systemd --log-target=journal --show-status=0
'
"""

# They would wait for hardware, a terminal or a network that the machine does not have.
MASKED = """
systemd-udevd systemd-udev-trigger systemd-modules-load systemd-sysctl systemd-random-seed systemd-remount-fs
systemd-timesyncd systemd-networkd systemd-resolved getty@ console-getty apt-daily apt-daily-upgrade
""".split()


class Machine:
    """`start` returns when the machine has booted; leaving the context turns it off."""

    def __init__(self, folder: Path):
        need_root("a machine of its own needs namespaces and mounts")
        if not (FRESH / "lib/systemd/systemd").exists():
            raise MissingTool("a fresh Debian", "deploy")
        self.folder = folder
        for name in ("upper", "work", "root"):
            (folder / name).mkdir()
        units = folder / "upper/etc/systemd/system"
        units.mkdir(parents=True)
        for name in MASKED:
            (units / f"{name}.service").symlink_to("/dev/null")
        (folder / "upper/etc/hosts").write_text("127.0.0.1 localhost\n127.0.0.1 mail.example.com mail\n")
        unified = Path("/sys/fs/cgroup/unified")
        self.cgroup = (unified if unified.exists() else Path("/sys/fs/cgroup")) / f"postseal-{folder.parent.name}"
        script = BOOT.format(cgroup=self.cgroup, fresh=FRESH, folder=folder)
        self.process = Process([need_tool("bash"), "-c", script], folder / "boot.log")
        self.pid = 0

    def start(self) -> "Machine":
        self.process.start()
        self.pid = self.process.wait_until("process 1", self._first_child)
        self.process.wait_until("boot", self._booted, 30)
        return self

    def stop(self) -> None:
        if self.pid:
            try:
                os.kill(self.pid, signal.SIGKILL)  # the kernel takes along all of its namespace
            except ProcessLookupError:
                pass
        self.process.stop()
        for path in sorted(self.cgroup.rglob("*"), reverse=True):
            if path.is_dir():
                path.rmdir()
        if self.cgroup.exists():
            wait_for("an empty control group", self._removed)

    def run(self, command: str, check: bool = True, text: str | None = None, timeout: float = 120) -> str:
        """A shell command in the machine, as root; what it said."""
        done = self.attempt(command, text, timeout)
        if check and done.returncode:
            raise RuntimeError(f"{command}: status {done.returncode}\n{done.stdout}")
        return done.stdout

    def attempt(self, command: str, text: str | None = None, timeout: float = 120) -> subprocess.CompletedProcess:
        enter = [need_tool("nsenter"), "-t", str(self.pid), "-m", "-p", "-u", "-i", "-C", "-r", "-w"]
        environment = ["env", "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root",
                       "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive"]  # fmt: skip
        return subprocess.run(
            [*enter, *environment, "sh", "-c", command], input=text, text=True, timeout=timeout,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def path(self, name: str) -> Path:
        """A file of the machine, as seen from here. Absolute links in its way lead astray."""
        return Path(f"/proc/{self.pid}/root") / name.lstrip("/")

    def put(self, source: Path, target: str, mode: int = 0o644) -> None:
        path = self.path(target)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(source.read_bytes())
        path.chmod(mode)

    def write(self, target: str, text: str) -> None:
        path = self.path(target)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def show(self, unit: str, name: str) -> str:
        """A property of a unit."""
        return self.run(f"systemctl show --value -p {name} {unit}").strip()

    def journal(self, unit: str) -> str:
        return self.run(f"journalctl --no-pager -o cat -u {unit}")

    def _first_child(self) -> int | None:
        """systemd as its parent, unshare, sees it; not the shell that prepares its root."""
        try:
            children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
            name = Path(f"/proc/{children[0]}/comm").read_text().strip()
        except (FileNotFoundError, IndexError):
            return None
        return int(children[0]) if name == "systemd" else None

    def _booted(self) -> bool:
        return self.attempt("systemctl is-system-running").stdout.strip() in ("running", "degraded")

    def _removed(self) -> bool:
        try:
            self.cgroup.rmdir()
        except OSError:
            return not self.cgroup.exists()
        return True

    def __enter__(self) -> "Machine":
        return self.start()

    def __exit__(self, *_exc) -> None:
        self.stop()


@contextmanager
def private_network() -> Iterator[None]:
    """Everything that is started meanwhile, threads too, has a loopback of its own and nothing else."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/proc/thread-self/ns/net") as before:
        if libc.unshare(CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "unshare")
        try:
            subprocess.run([need_tool("ip"), "link", "set", "lo", "up"], check=True)
            yield
        finally:
            libc.setns(before.fileno(), CLONE_NEWNET)


CLONE_NEWNET = 0x40000000

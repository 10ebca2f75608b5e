"""A child process in its own process group: started, watched, signalled by its id, and gone when the test is over."""

import atexit
import os
import signal
import subprocess
from pathlib import Path

from .place import wait_for

_running: "set[Process]" = set()


class Process:
    """Runs `command`; its output goes to `log`. `stop()` ends the whole group."""

    def __init__(self, command: list, log: Path, cwd: Path | None = None, env: dict | None = None):
        self.command = [str(part) for part in command]
        self.log_path = log
        self.cwd = cwd
        self.env = env
        self.child: subprocess.Popen | None = None

    def start(self) -> "Process":
        with open(self.log_path, "ab") as out:
            self.child = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                cwd=self.cwd, env=self.env, start_new_session=True,
            )  # fmt: skip
        _running.add(self)
        return self

    @property
    def pid(self) -> int:
        assert self.child is not None, "not started"
        return self.child.pid

    def alive(self) -> bool:
        return self.child is not None and self.child.poll() is None

    def log(self) -> str:
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def wait_until(self, what: str, condition, timeout: float = 10.0):
        """Like `wait_for`, but a process that has ended is an error at once, with its last words."""

        def ready():
            if not self.alive():
                status = self.child.returncode if self.child else "never started"
                raise RuntimeError(f"{self.command[0]} ended ({status}) before {what}:\n{self.log()[-2000:]}")
            return condition()

        return wait_for(f"{self.command[0]}: {what}", ready, timeout)

    def signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def wait(self, timeout: float = 10.0) -> int:
        assert self.child is not None
        return self.child.wait(timeout)

    def stop(self, timeout: float = 10.0) -> int | None:
        """SIGTERM, then SIGKILL for what is left of the group; the exit status."""
        if self.child is None:
            return None
        if self.alive():
            self.child.send_signal(signal.SIGCONT)  # a stopped process can't end
            self.child.terminate()
            try:
                self.child.wait(timeout)
            except subprocess.TimeoutExpired:
                pass
        self._kill_group()
        _running.discard(self)
        return self.child.wait(5)

    def kill(self) -> None:
        """SIGKILL to the process, as in a crash."""
        self.signal(signal.SIGKILL)
        self.wait()

    def _kill_group(self) -> None:
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass

    def __enter__(self) -> "Process":
        return self

    def __exit__(self, *_exc) -> None:
        self.stop()


@atexit.register
def _stop_all() -> None:
    for process in list(_running):
        process.stop(2.0)

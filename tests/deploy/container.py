"""The image, run by podman with what the Restricted profile and the chart ask for; and a pod of it and a real Postfix."""

import json
import os
import random
import shutil
import subprocess
from pathlib import Path

from rig.place import HOST, ROOT, MissingTool, free_port, need_root, need_tool
from rig.postfix import Listener, Postfix
from rig.postseal import Postseal
from rig.postseal_config import Config
from rig.process import Process

WORK = ROOT / "target" / "image"
# The capabilities that the chart leaves to Postfix.
POSTFIX_CAPABILITIES = "chown,dac_override,fowner,kill,net_bind_service,setgid,setuid,sys_chroot"


def image() -> str:
    """The image that `make image` has built."""
    version = (ROOT / "deploy" / "container" / "Dockerfile").read_text().split("ARG VERSION=")[1].split()[0]
    if not (WORK / "id").exists():
        raise MissingTool("the image (make image)", "deploy")
    return f"localhost/postseal:{version}"


def podman(*arguments, check: bool = True) -> subprocess.CompletedProcess:
    """Images and containers are below target/image; nothing of the machine's own podman is touched."""
    need_root("podman with real mounts and a real root file system")
    places = ["--root", WORK / "store", "--runroot", WORK / "run", "--storage-driver", "vfs"]
    # runc, because crun does not know the mixed cgroups that some machines have
    command = [need_tool("podman", "deploy"), *places, "--runtime", "runc", "--cgroup-manager", "cgroupfs", *arguments]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    assert not check or done.returncode == 0, f"{arguments}: {done.stderr}"
    return done


def as_options(security: dict) -> list[str]:
    """A container's securityContext in the words of podman, whose default for seccomp is RuntimeDefault's too."""
    assert security["seccompProfile"] == {"type": "RuntimeDefault"} and security["runAsNonRoot"]
    options = ["--user", f"{security['runAsUser']}:{security['runAsGroup']}"]
    options += [part for one in security["capabilities"]["drop"] for part in ("--cap-drop", one.lower())]
    if security["readOnlyRootFilesystem"]:
        options += ["--read-only", "--read-only-tmpfs=false"]
    if not security["allowPrivilegeEscalation"]:
        options += ["--security-opt", "no-new-privileges"]
    return options


FILES = ["--ulimit", "nofile=20000:20000", "--ulimit", "nproc=20000:20000"]


class Container(Postseal):
    """The daemon in its image, run as `rendered`, a container of the chart, says; `volumes` are folders by their names.

    It shares the host's network, so its admin port listens on loopback only.
    """

    def __init__(
        self, folder: Path, rendered: dict, volumes: dict[str, Path], environment: dict[str, str] | None = None,
        options: tuple[str, ...] = (), network: str = "host",
    ):  # fmt: skip
        self.folder = folder
        self.config = Config([], admin=free_port())
        self.name = f"postseal-{os.getpid()}-{random.randrange(1 << 32):x}"
        variables = {one["name"]: one["value"] for one in rendered["env"]} | (environment or {})
        admin = variables["POSTSEAL__ADMIN__ADDRESS"].rpartition(":")[2]
        assert {"name": "metrics", "containerPort": int(admin)} in rendered["ports"]
        variables["POSTSEAL__ADMIN__ADDRESS"] = f"{HOST}:{self.config.admin}"
        mounts = [
            f"--volume={volumes[one['name']]}:{one['mountPath']}{':ro' if one.get('readOnly') else ''}"
            for one in rendered["volumeMounts"]
        ]
        # detached, as a container engine does: the log is a file, and no client stands between
        self.arguments = ["run", "--detach", "--network", network, *as_options(rendered["securityContext"]), *FILES,
                          "--log-driver", "k8s-file", "--log-opt", f"path={folder / 'postseal.log'}", *mounts,
                          *(f"--env={name}={value}" for name, value in variables.items()), *options]  # fmt: skip
        self.command = rendered["args"]
        self.process = Engine(self)


class Engine(Process):
    """Has the engine start and stop the container; everything else is as with any process."""

    def __init__(self, container: Container):
        super().__init__(["podman"], container.folder / "postseal.log")
        self.container = container
        self.status: int | None = None

    def start(self) -> "Engine":
        container = self.container
        podman(*container.arguments, "--name", container.name, image(), *container.command)
        return self

    def state(self) -> dict:
        return json.loads(podman("inspect", "--format", "{{json .State}}", self.container.name).stdout)

    @property
    def pid(self) -> int:
        return self.state()["Pid"]

    def alive(self) -> bool:
        return self.state()["Running"]

    def log(self) -> str:
        """The lines of all starts, each TIME STREAM TAG TEXT; P: a part, whose rest never comes after SIGKILL."""
        text, part = "", ""
        for line in self.log_path.read_text(errors="replace").splitlines() if self.log_path.exists() else []:
            _, _, tag, piece = line.split(" ", 3)
            part = piece if piece.startswith('{"timestamp"') else part + piece
            if tag == "F":
                text, part = f"{text}{part}\n", ""
        return text

    def stop(self, timeout: float = 60.0) -> int | None:
        """SIGTERM, and SIGKILL when the grace period is over; the exit status. The container is gone then."""
        if podman("container", "exists", self.container.name, check=False).returncode:
            return self.status
        podman("stop", "--time", int(timeout), self.container.name)
        return self.remove()

    def kill(self) -> None:
        podman("kill", "--signal", "KILL", self.container.name)
        podman("wait", self.container.name)
        self.remove()

    def remove(self) -> int:
        self.status = self.state()["ExitCode"]
        podman("rm", self.container.name)
        return self.status


class ConfinedPostfix(Postfix):
    """Postfix as in the chart's pod: few capabilities, no new privileges, and smtpd in its chroot.

    Its queue directory holds the folder of sockets, where the pod has a mount.
    """

    SOCKETS = "queue/postseal"

    def __init__(self, folder: Path, relay: int, listeners: list[Listener], **settings: str):
        super().__init__(folder, relay, listeners, **settings)
        master = self.config / "master.cf"
        text = master.read_text()
        assert text.count(" inet n - n - 100 smtpd") == len(listeners)
        master.write_text(text.replace(" inet n - n - 100 smtpd", " inet n - y - 100 smtpd"))
        chroot = folder / "queue"
        for file in (Path("/etc/services"), Path("/etc/hosts"), folder / "sasl" / "sasldb2"):
            copy = chroot / file.relative_to("/")
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, copy)
            shutil.chown(copy, "root", "postfix")
        confine = [need_tool("setpriv"), "--no-new-privs", f"--bounding-set=-all,+{POSTFIX_CAPABILITIES.replace(',', ',+')}"]
        self.process.command = [*confine, *self.process.command]
        sockets = folder / self.SOCKETS
        sockets.mkdir()
        sockets.chmod(0o777)  # as an emptyDir is

    def queued(self) -> list[str]:
        """Without what Postfix had begun to write when it was killed: its client was never told that it is accepted."""
        return [name for name in super().queued() if self._is_complete(name)]

    def _is_complete(self, name: str) -> bool:
        """Postfix makes a file executable when all of it is there."""
        files = [file for file in (self.folder / "queue").glob(f"*/**/{name}") if file.parts[-2] != "defer"]
        try:
            return any(file.stat().st_mode & 0o100 for file in files)
        except FileNotFoundError:
            return True  # on its way to another queue

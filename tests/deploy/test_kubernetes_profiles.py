"""The Pod Security profiles: postseal's container and the standalone pod are Restricted, Postfix's is Baseline.

The rules are those of the Pod Security Standards for Linux pods, version 1.29 and later.
"""

import copy

import pytest

from chart import NAMES, containers, render

BASELINE_CAPABILITIES = {
    "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP",
    "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
}  # fmt: skip
SAFE_SYSCTLS: set[str] = set()
VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}
PROFILES = ("RuntimeDefault", "Localhost")


def effective(spec: dict, container: dict) -> dict:
    """What of the pod's securityContext the container does not say itself, and its own."""
    shared = ("runAsNonRoot", "runAsUser", "seccompProfile", "seLinuxOptions", "windowsOptions", "appArmorProfile")
    pod = {key: value for key, value in spec.get("securityContext", {}).items() if key in shared}
    return pod | container.get("securityContext", {})


def baseline(spec: dict, container: dict) -> list[str]:
    """What the Baseline profile would complain of."""
    security = effective(spec, container)
    wrong = [name for name in ("hostNetwork", "hostPID", "hostIPC") if spec.get(name)]
    wrong += [f"volume {one['name']}" for one in spec.get("volumes", []) if "hostPath" in one]
    wrong += ["hostPort" for port in container.get("ports", []) if port.get("hostPort")]
    wrong += [name for name in ("privileged", "procMount", "seLinuxOptions", "windowsOptions") if security.get(name)]
    wrong += [one for one in security.get("capabilities", {}).get("add", []) if one not in BASELINE_CAPABILITIES]
    wrong += ["sysctls" for one in spec.get("securityContext", {}).get("sysctls", []) if one["name"] not in SAFE_SYSCTLS]
    if security.get("seccompProfile", {}).get("type", "RuntimeDefault") not in PROFILES:
        wrong.append("seccompProfile")
    return wrong


def restricted(spec: dict, container: dict) -> list[str]:
    """What the Restricted profile would complain of."""
    security = effective(spec, container)
    wrong = baseline(spec, container)
    wrong += [f"volume {one['name']}" for one in spec.get("volumes", []) if not set(one) - {"name"} <= VOLUMES]
    capabilities = security.get("capabilities", {})
    conditions = {
        "allowPrivilegeEscalation": security.get("allowPrivilegeEscalation") is False,
        "runAsNonRoot": security.get("runAsNonRoot") is True,
        "runAsUser": security.get("runAsUser") != 0,
        "capabilities.drop": "ALL" in capabilities.get("drop", []),
        "capabilities.add": set(capabilities.get("add", [])) <= {"NET_BIND_SERVICE"},
        "seccompProfile": security.get("seccompProfile", {}).get("type") in PROFILES,
    }
    return wrong + [name for name, held in conditions.items() if not held]


@pytest.mark.parametrize("name", NAMES)
def test_profile(name):
    for spec, container in containers(render(name)):
        judge = baseline if container["name"] == "postfix" else restricted
        assert judge(spec, container) == []


@pytest.mark.parametrize("name", NAMES)
def test_more_than_the_profile_asks_for(name):
    for spec, container in containers(render(name)):
        assert spec["automountServiceAccountToken"] is False
        if container["name"] == "postseal":
            assert container["securityContext"]["readOnlyRootFilesystem"] is True
            assert container["resources"]["limits"].keys() == {"memory"}


@pytest.mark.parametrize(
    "key, value, complaint",
    [
        ("allowPrivilegeEscalation", True, "allowPrivilegeEscalation"),
        ("runAsNonRoot", False, "runAsNonRoot"),
        ("runAsUser", 0, "runAsUser"),
        ("capabilities", {"drop": ["CHOWN"]}, "capabilities.drop"),
        ("capabilities", {"drop": ["ALL"], "add": ["SYS_ADMIN"]}, "SYS_ADMIN"),
        ("capabilities", {"drop": ["ALL"], "add": ["CHOWN"]}, "capabilities.add"),
        ("seccompProfile", {"type": "Unconfined"}, "seccompProfile"),
        ("privileged", True, "privileged"),
    ],
)
def test_the_test_sees_what_is_wrong(key, value, complaint):
    spec, container = containers(render("standalone-minimal"))[0]
    wrong = copy.deepcopy(container)
    wrong["securityContext"][key] = value
    assert complaint in restricted(spec, wrong)


def test_the_test_sees_a_path_of_the_host():
    spec, container = containers(render("standalone-minimal"))[0]
    wrong = spec | {"volumes": spec["volumes"] + [{"name": "root", "hostPath": {"path": "/"}}], "hostNetwork": True}
    assert "hostNetwork" in restricted(wrong, container) and "volume root" in restricted(wrong, container)

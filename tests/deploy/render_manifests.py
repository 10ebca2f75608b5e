#!/usr/bin/python3
"""Writes deploy/kubernetes/manifests from the chart: `make manifests`."""

import sys
from pathlib import Path

sys.path += [str(Path(__file__).resolve().parents[1] / "e2e")]

import yaml

from chart import KUBERNETES, NAMES, from_files, render

HEAD = "# Made by `make manifests` from ../../chart with ../../values/{name}.yaml; change those.\n"
KUSTOMIZATION = """\
# kubectl apply -k deploy/kubernetes/manifests/{name}
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: mail
resources: [postseal.yaml]
"""

for name in NAMES:
    folder = KUBERNETES / "manifests" / name
    folder.mkdir(parents=True, exist_ok=True)
    parts = []
    for text in render(name).split("\n---\n"):
        lines = [line.rstrip() for line in text.removeprefix("---\n").splitlines() if not line.startswith("# Source: ")]
        text = "\n".join(lines).strip("\n")
        if text and not from_files(yaml.safe_load(text)):
            parts.append(text)
    (folder / "postseal.yaml").write_text(HEAD.format(name=name) + "\n---\n".join(parts) + "\n")
    (folder / "kustomization.yaml").write_text(KUSTOMIZATION.format(name=name))

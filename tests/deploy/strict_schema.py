"""Validates Kubernetes objects: a JSON list of [version, object] on stdin, a JSON list of complaints on stdout.

A process of its own, because the validator brings newer versions of libraries that pytest has loaded already.
"""

import json
import sys

import kubernetes_validate

complaints = []
for version, one in json.load(sys.stdin):
    try:
        kubernetes_validate.validate(one, version, strict=True)
    except (kubernetes_validate.ValidationError, kubernetes_validate.SchemaNotFoundError) as error:
        complaints.append(f"{version} {one['kind']} {one['metadata']['name']}: {str(error)[:500]}")
json.dump(complaints, sys.stdout)

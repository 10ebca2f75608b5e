"""docs/log.schema.json, against the lines that postseal really writes."""

import json

import jsonschema

from .place import ROOT

_VALIDATOR = jsonschema.Draft202012Validator(json.loads((ROOT / "docs" / "log.schema.json").read_text()))


def _shape(line: dict) -> str:
    """Lines of one shape need one look: the same fields of the same types, the same words."""
    if line.get("event") != "message":
        return json.dumps([line.get("event"), sorted(line)])
    fields = [(name, type(value).__name__) for name, value in sorted(line.items())]
    return json.dumps([fields, line.get("verdict"), line.get("reasons"), line.get("edits")])


def faults(lines: list[dict]) -> list[str]:
    """What is wrong with lines of the log, one sentence for each shape of line that breaks the schema."""
    shapes = {_shape(line): line for line in lines}
    return [
        f"{error.json_path}: {error.message} in {json.dumps(line)[:400]}"
        for line in shapes.values()
        for error in _VALIDATOR.iter_errors(line)
    ]

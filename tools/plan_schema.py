"""Write the JSON Schema of a plan file, which editors use to complete and check what is typed."""

import json
import sys
from pathlib import Path

import msgspec

from schema.plan import Plan

FILE = Path(__file__).parents[1] / "schema" / "plans" / "plan.schema.json"


def build_schema() -> dict[str, object]:
    """Return the JSON Schema of `Plan`, in the dialect of 2020-12."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(Plan)}


if __name__ == "__main__":
    FILE.write_text(json.dumps(build_schema(), indent=2, ensure_ascii=False) + "\n")
    sys.stdout.write(f"{FILE.name} is written.\n")

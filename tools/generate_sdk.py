"""Generate the SDK's client from the contract: `python tools/generate_sdk.py [folder]`."""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
CONTRACT = ROOT / "openapi.yaml"
GENERATED = ROOT / "sdk" / "work_health" / "_generated"

UNSET_REPLACEMENTS = [
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"from \.+types import UNSET, Unset\n", ""),
        (r"not isinstance\(([\w.]+), Unset\)", r"\1 is not None"),
        (r"isinstance\(([\w.]+), Unset\)", r"\1 is None"),
        (r"\bUNSET\b|\bUnset\b", "None"),
        (
            r"( *)if data is None:\n *return data\n *if data is None:\n *return data\n",
            r"\1if data is None:\n\1    return data\n",
        ),
    )
]


def generate(folder: Path) -> None:
    """Replace `folder` as a whole, so that no file of an earlier contract remains. On failure nothing changes."""
    bin_folder = Path(sys.executable).parent  # unresolved: the virtual environment's, which has the generator and ruff
    with tempfile.TemporaryDirectory() as temporary:
        package, templates = Path(temporary) / "_generated", Path(temporary) / "templates"
        shutil.copytree(ROOT / "sdk" / "templates", templates)
        document = yaml.safe_load(CONTRACT.read_bytes())
        parents = find_parents(document["components"]["schemas"])
        contract = Path(temporary) / "contract.json"
        contract.write_text(json.dumps(document))
        (templates / "parents.jinja").write_text("{% set parents = " + json.dumps(parents) + " %}")
        subprocess.run(
            [
                bin_folder / "openapi-python-client",
                "generate",
                f"--path={contract}",
                f"--config={ROOT / 'sdk' / 'openapi-python-client.yaml'}",
                f"--custom-template-path={templates}",
                f"--output-path={package}",
                "--meta=none",
                "--fail-on-warning",
            ],
            check=True,
            cwd=temporary,
            env={**os.environ, "PATH": os.pathsep.join([str(bin_folder), os.environ.get("PATH", os.defpath)])},
        )
        _replace_unset(package, bin_folder)
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(package, folder, ignore=shutil.ignore_patterns(".ruff_cache", "__pycache__"))


def _replace_unset(package: Path, bin_folder: Path) -> None:
    """Make a missing field None. The generator has an object of its own for it, which users would have to know."""
    for path in package.rglob("*.py"):
        text = path.read_text()
        for pattern, replacement in UNSET_REPLACEMENTS:
            text = pattern.sub(replacement, text)
        path.write_text(text)
    style = ["--isolated", "--no-cache", "--quiet", "--target-version=py311", package]
    subprocess.run([bin_folder / "ruff", "check", "--select=F401,I,PYI016,UP", "--fix-only", *style], check=True)
    subprocess.run([bin_folder / "ruff", "format", "--line-length=120", *style], check=True)


def find_parents(schemas: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the class from which each schema with `allOf` inherits, with its module and fields."""
    parents: dict[str, dict[str, Any]] = {}
    for name, schema in schemas.items():
        if "allOf" in schema:
            parent = schema["allOf"][0]["$ref"].rpartition("/")[2]
            module = re.sub(r"(?<!^)(?=[A-Z])", "_", parent).lower()
            parents[name] = {"name": parent, "module": module, "fields": list(schemas[parent]["properties"])}
    return parents


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=GENERATED)
    generate(parser.parse_args().folder)


if __name__ == "__main__":
    main()

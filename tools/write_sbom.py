"""Write the software bill of materials of a server in production (CycloneDX), and the list of its licences.

The packages are those of `requirements/server.txt`, installed in an environment of their own. The script that the
server sends to browsers is added to them. The command fails if a licence is not in ALLOWED_LICENCES.
"""

import csv
import gzip
import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
OUTPUT_FOLDER = ROOT / "build"
STATIC_FOLDER = ROOT / "api" / "docs" / "static"
TOOLS_FOLDER = Path(sys.executable).parent
ALLOWED_LICENCES = frozenset(
    {"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "MIT", "MPL-2.0", "PSF-2.0", "Zlib"}
)
LICENCE_BY_NAME = {
    "License :: OSI Approved :: Apache Software License": "Apache-2.0",
    "License :: OSI Approved :: BSD License": "BSD-3-Clause",
    "License :: OSI Approved :: MIT License": "MIT",
    "License :: OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
MIT_SENTENCE = "Permission is hereby granted, free of charge, to any person obtaining a copy"
Json = Any


class Licence(NamedTuple):
    """A component and its licence as an SPDX expression, or the words that its package has instead."""

    component: str
    version: str
    expression: str

    @property
    def is_allowed(self) -> bool:
        identifiers = set(re.findall(r"[A-Za-z0-9.-]+", self.expression)) - {"AND", "OR"}
        return bool(identifiers) and identifiers <= ALLOWED_LICENCES


def create_environment(folder: Path) -> Path:
    """Install the requirements of production into an empty environment, and return its Python."""
    uv = TOOLS_FOLDER / "uv"
    python = folder / "bin" / "python"
    subprocess.run([uv, "venv", "-q", "--clear", folder], check=True)
    requirements = ROOT / "requirements" / "server.txt"
    subprocess.run([uv, "pip", "install", "-q", "--python", python, "--require-hashes", "-r", requirements], check=True)
    return python


def build_sbom(python: Path) -> dict[str, Json]:
    """Return the bill of materials of an environment, with the script for browsers."""
    command = [TOOLS_FOLDER / "cyclonedx-py", "environment", "--pyproject", ROOT / "pyproject.toml"]
    command += ["--gather-license-texts", "--output-reproducible", "--of", "JSON", python]
    environment = os.environ | {"PYTHONWARNINGS": "ignore"}
    output = subprocess.run(command, check=True, capture_output=True, env=environment).stdout
    document: dict[str, Json] = json.loads(output)
    document["components"].append(describe_script())
    return document


def describe_script() -> dict[str, Json]:
    """Describe the API reference that the server sends to browsers: it is a file in the repository, not a package."""
    script = gzip.decompress((STATIC_FOLDER / "scalar.js.gz").read_bytes())
    versions = re.findall(rb"@scalar/api-reference[@ ]([0-9]+\.[0-9]+\.[0-9]+)", script)
    return {
        "type": "library",
        "bom-ref": "scalar-api-reference",
        "name": "@scalar/api-reference",
        "version": versions[0].decode(),
        "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(script).hexdigest()}],
        "licenses": [{"license": {"id": "MIT"}}],
    }


def list_licences(document: dict[str, Json]) -> list[Licence]:
    """Return the licence of each component, sorted by name."""
    licences = [
        Licence(component["name"], component["version"], find_expression(component.get("licenses", [])))
        for component in document["components"]
    ]
    return sorted(licences, key=lambda licence: licence.component.lower())


def find_expression(licences: list[Json]) -> str:
    """Return the SPDX expression or identifier that a package declares, else one that its classifiers or text name."""
    details: list[Json] = [entry["license"] for entry in licences if "license" in entry]
    identifiers = [detail["id"] for detail in details if "id" in detail]
    named = [LICENCE_BY_NAME[detail["name"]] for detail in details if detail.get("name") in LICENCE_BY_NAME]
    texts = ["MIT" for detail in details if MIT_SENTENCE in detail.get("text", {}).get("content", "")]
    names = [detail["name"] for detail in details if "name" in detail]
    expressions = [entry["expression"] for entry in licences if "expression" in entry]
    return next(iter([*expressions, *identifiers, *named, *texts, *names]), "")


def main() -> int:
    OUTPUT_FOLDER.mkdir(exist_ok=True)
    document = build_sbom(create_environment(OUTPUT_FOLDER / "server-environment"))
    licences = list_licences(document)
    (OUTPUT_FOLDER / "sbom.cdx.json").write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    with (OUTPUT_FOLDER / "licences.csv").open("w", newline="") as file:
        csv.writer(file).writerows([Licence._fields, *licences])
    print(f"build/sbom.cdx.json and build/licences.csv: {len(licences)} components")
    refused = [licence for licence in licences if not licence.is_allowed]
    for licence in refused:
        print(f"{licence.component} {licence.version}: the licence {licence.expression!r} is not allowed")
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())

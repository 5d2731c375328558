"""The JSON Schema of a plan file is the generated one, and accepts the plan files."""

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml

from api.plan import queries_loading
from api.plan.plan_files import PlanLoader
from tests.conftest import HARBOUR_PLAN_FILE, NOTTINGHAM_PLAN_FILE
from tools.plan_schema import FILE, build_schema

ROOT = Path(__file__).parents[2]
SKELETON = FILE.parent / "skeleton.yaml"
PLAN_FILES = [SKELETON, HARBOUR_PLAN_FILE, HARBOUR_PLAN_FILE.with_name("connect-to-work.yaml"), NOTTINGHAM_PLAN_FILE]


def test_schema_is_the_generated_one_and_valid():
    assert json.loads(FILE.read_text()) == json.loads(json.dumps(build_schema()))
    jsonschema.Draft202012Validator.check_schema(build_schema())


@pytest.mark.parametrize("file", PLAN_FILES, ids=lambda file: file.stem)
def test_schema_accepts_the_plan_files_and_refuses_another_kind(file):
    content = yaml.load(file.read_text(), PlanLoader)  # noqa: S506  it is a safe loader
    validator = jsonschema.Draft202012Validator(build_schema())
    assert [error.message for error in validator.iter_errors(content)] == []
    content["measures"][0]["kind"] = "flows"
    [error] = validator.iter_errors(content)
    assert list(error.absolute_path) == ["measures", 0, "kind"]


@pytest.mark.parametrize("file", [SKELETON, NOTTINGHAM_PLAN_FILE], ids=lambda file: file.stem)
def test_first_line_of_a_plan_file_names_the_schema(file):
    name = file.read_text().splitlines()[0].removeprefix("# yaml-language-server: $schema=")
    assert (file.parent / name).resolve() == FILE


def test_new_plan_writes_a_file_without_mistakes_and_replaces_none(tmp_path):
    file = tmp_path / "plan.yaml"
    command = [sys.executable, "-m", "api", "new-plan", str(file)]
    assert subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode == 0
    assert queries_loading.read_plan(file).slug == "our-plan-2026"
    schema = file.read_text().splitlines()[0].removeprefix("# yaml-language-server: $schema=")
    assert Path(schema) == FILE
    file.write_text("mine")
    again = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (again.returncode, again.stderr.count("\n"), file.read_text()) == (1, 1, "mine")

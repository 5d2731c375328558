"""Breaking changes of the contract are reported, and other changes are not."""

import copy
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from tools.breaking_changes import find_breaking_changes

ROOT = Path(__file__).parent.parent.parent
CONTRACT = msgspec.yaml.decode((ROOT / "openapi.yaml").read_bytes())


def make_contract() -> dict[str, Any]:
    """Return a small contract with a read and a write."""
    thing = {
        "type": "object",
        "required": ["name"],
        "properties": {
            "name": {"type": "string", "maxLength": 80},
            "size": {"type": ["integer", "null"], "minimum": 0},
            "colour": {"$ref": "#/components/schemas/Colour"},
            "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}},
            "origin": {"oneOf": [{"$ref": "#/components/schemas/Here"}, {"type": "null"}]},
        },
        "additionalProperties": False,
    }
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}
    return {
        "paths": {
            "/things": {
                "get": {
                    "operationId": "list_things",
                    "parameters": [{"in": "query", "name": "limit", "schema": {"type": "integer", "maximum": 100}}],
                    "responses": {"200": {"content": content, "headers": {"ETag": {}}}, "404": {}},
                },
                "post": {
                    "operationId": "create_thing",
                    "security": [{"key": []}],
                    "x-scopes": ["submit", "read"],
                    "requestBody": {"content": content},
                    "responses": {"201": {"description": "Made."}},
                },
            }
        },
        "components": {
            "schemas": {"Thing": thing, "Colour": {"enum": ["red", "blue"]}, "Here": {"type": "object"}},
        },
    }


GET, POST = "GET /things", "POST /things"
IN, OUT = f"{POST}: body application/json", f"{GET}: 200 application/json"


def find_part(document: Any, path: str) -> Any:
    for part in path.split("."):
        document = document[int(part)] if isinstance(document, list) else document[part]
    return document


LIST = "paths./things.get"
MAKE = "paths./things.post"
THING = "components.schemas.Thing"


@pytest.mark.parametrize(
    ("where", "change", "expected"),
    [
        ("paths", {"/things": None}, [f"{GET}: gone", f"{POST}: gone"]),
        ("paths./things", {"post": None}, [f"{POST}: gone"]),
        ("paths./things", {"delete": {"responses": {}}}, []),
        (LIST, {"operationId": "all_things"}, [f"{GET}: operationId list_things is now all_things"]),
        (LIST, {"security": [{"key": []}]}, [f"{GET}: needs a key"]),
        (MAKE, {"x-scopes": ["submit"]}, [f"{POST}: no longer accepts the scope read"]),
        (MAKE, {"x-scopes": ["read", "review", "submit"]}, []),
        (MAKE, {"x-scopes": None}, []),
        (LIST, {"parameters": None}, [f"{GET}: parameter limit is gone"]),
        (f"{LIST}.parameters.0", {"required": True}, [f"{GET}: parameter limit has become required"]),
        (f"{LIST}.parameters.0.schema", {"maximum": 50}, [f"{GET}: parameter limit: maximum 100 is now 50"]),
        (f"{LIST}.parameters.0.schema", {"maximum": 500}, []),
        (f"{LIST}.parameters.0.schema", {"type": "number"}, []),
        (f"{LIST}.parameters.0.schema", {"type": "string"}, [f"{GET}: parameter limit: type integer is now string"]),
        (f"{LIST}.parameters.0.schema", {"pattern": "^1"}, [f"{GET}: parameter limit: pattern None is now ^1"]),
        (f"{LIST}.responses", {"200": None}, [f"{GET}: 200 is gone"]),
        (f"{LIST}.responses", {"404": None}, []),
        (f"{LIST}.responses", {"202": {}}, [f"{GET}: 202 is new"]),
        (f"{LIST}.responses.200", {"headers": None}, [f"{GET}: 200: header ETag is gone"]),
        (f"{LIST}.responses.200", {"content": {"text/csv": {}}}, [f"{GET}: 200: application/json is gone"]),
        (f"{MAKE}.requestBody", {"required": True}, [f"{POST}: body has become required"]),
        (f"{THING}.properties", {"weight": {"type": "integer"}}, []),
        (f"{THING}.properties", {"size": None}, [f"{OUT}/size: is gone", f"{IN}/size: is gone"]),
        (THING, {"required": ["name", "size"]}, [f"{IN}/size: is required now"]),
        (THING, {"required": []}, [f"{OUT}/name: may be missing now"]),
        (f"{THING}.properties.name", {"maxLength": 40}, [f"{IN}/name: maxLength 80 is now 40"]),
        (f"{THING}.properties.name", {"maxLength": 90}, [f"{OUT}/name: maxLength 80 is now 90"]),
        (f"{THING}.properties.name", {"maxLength": None}, [f"{OUT}/name: maxLength 80 is now None"]),
        (f"{THING}.properties.size", {"minimum": 1}, [f"{IN}/size: minimum 0 is now 1"]),
        (f"{THING}.properties.size", {"minimum": -1}, [f"{OUT}/size: minimum 0 is now -1"]),
        (f"{THING}.properties.size", {"type": "integer"}, [f"{IN}/size: type integer or null is now integer"]),
        (f"{THING}.properties.size", {"type": "number"}, [f"{OUT}/size: type integer or null is now number", f"{IN}/size: type integer or null is now number"]),
        (f"{THING}.properties.size", {"type": None}, [f"{OUT}/size: is no longer of type integer or null alone"]),
        (f"{THING}.properties.name", {"format": "date"}, [f"{IN}/name: format None is now date"]),
        ("components.schemas.Colour", {"enum": ["red"]}, [f"{IN}/colour: blue is no longer accepted"]),
        ("components.schemas.Colour", {"enum": ["red", "blue", "green"]}, [f"{OUT}/colour: green may be returned now"]),
        ("components.schemas.Colour", {"enum": ["red", "blue", "green"], "x-extensible-enum": True}, []),
        ("components.schemas.Colour", {"enum": None}, [f"{OUT}/colour: anything may be returned now"]),
        (f"{THING}.properties.origin", {"oneOf": [{"$ref": "#/components/schemas/Here"}]}, [f"{IN}/origin: null is no longer accepted"]),
        (f"{THING}.properties.origin.oneOf", [{"type": "string"}], [f"{OUT}/origin: string may be returned now"]),
    ],
)  # fmt: skip
def test_narrower_input_and_wider_output_are_reported(where, change, expected):
    before, after = make_contract(), make_contract()
    part = find_part(after, where)
    if isinstance(change, list):
        part += change
    else:
        part.update({name: value for name, value in change.items() if value is not None})
        for name in (name for name, value in change.items() if value is None):
            del part[name]
    assert find_breaking_changes(before, after) == expected


def test_unchanged_contract_has_no_breaking_changes():
    assert find_breaking_changes(CONTRACT, copy.deepcopy(CONTRACT)) == []


def test_change_of_the_real_contract_is_reported_through_references():
    after = copy.deepcopy(CONTRACT)
    after["components"]["schemas"]["Observation"]["properties"]["note"]["maxLength"] = 10
    changes = find_breaking_changes(CONTRACT, after)
    where = "POST /v1/programmes/{programme}/submissions: body application/json/returns/items/observations/items/note"
    assert f"{where}: maxLength 2000 is now 10" in changes
    del after["paths"]["/v1/me"]
    assert "GET /v1/me: gone" in find_breaking_changes(CONTRACT, after)


def test_command_reports_breaking_changes(tmp_path):
    tool = [sys.executable, str(ROOT / "tools" / "breaking_changes.py")]
    (tmp_path / "before.yaml").write_text(yaml.safe_dump(make_contract()))
    (tmp_path / "after.yaml").write_text(yaml.safe_dump(make_contract() | {"paths": {}}))
    unchanged = subprocess.run([*tool, "openapi.yaml"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (unchanged.returncode, unchanged.stdout) == (0, "Nothing is broken.\n")
    files = [str(tmp_path / "before.yaml"), str(tmp_path / "after.yaml")]
    broken = subprocess.run([*tool, *files], capture_output=True, text=True, check=False)
    assert (broken.returncode, broken.stdout) == (1, f"{GET}: gone\n{POST}: gone\n")

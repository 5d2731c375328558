"""The contract: it is what the code serves, and it follows its rules."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import msgspec
import pytest

from api.contract_order import ORDER_OF_USE
from api.outcomes.availability import describe_availability
from api.outcomes.formats import sdmx_csv, sdmx_structure
from api.returns import template_workbook
from tests.spec.test_resolution import NOTTINGHAM
from work_health import AsyncWorkHealth, WorkHealth

ROOT = Path(__file__).parent.parent.parent
CONTRACT = msgspec.yaml.decode((ROOT / "openapi.yaml").read_bytes())
OPERATIONS = {op["operationId"]: op for item in CONTRACT["paths"].values() for op in item.values()}


@pytest.mark.parametrize("seed", ["1", "2"])
def test_committed_contract_is_up_to_date(tmp_path, seed):
    generated = tmp_path / "openapi.yaml"
    subprocess.run(
        [sys.executable, "-m", "api", "write-contract", generated],
        check=True,
        cwd=ROOT,
        env=os.environ | {"PYTHONHASHSEED": seed},
    )
    assert generated.read_text() == (ROOT / "openapi.yaml").read_text(), "run `make contract`"


def test_generated_sdk_is_up_to_date(tmp_path):
    subprocess.run([sys.executable, ROOT / "tools" / "generate_sdk.py", tmp_path / "_generated"], check=True, cwd=ROOT)
    committed = ROOT / "sdk" / "work_health" / "_generated"

    def read_texts(folder: Path) -> dict[str, str]:
        return {str(file.relative_to(folder)): file.read_text() for file in sorted(folder.rglob("*.py"))}

    assert read_texts(tmp_path / "_generated") == read_texts(committed), "run `make contract`"


@pytest.mark.parametrize("client", [WorkHealth, AsyncWorkHealth])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_operation_is_a_method_of_the_sdk(client, operation):
    assert callable(getattr(client, operation))


@pytest.mark.parametrize("name", OPERATIONS)
def test_operation_is_described(name):
    operation = OPERATIONS[name]
    assert operation["summary"]
    assert operation["description"]
    assert len(operation["tags"]) == 1
    assert operation["tags"][0] in {tag["name"] for tag in CONTRACT["tags"]}
    assert {"400", "500"} <= operation["responses"].keys()
    assert ("401" in operation["responses"]) == bool(operation["security"])
    for parameter in operation.get("parameters", ()):
        assert parameter["description"]
        assert "null" not in str(parameter["schema"].get("type"))
        # The reference would send an optional example that is not marked so, such as an Idempotency-Key.
        assert parameter["required"] or "example" not in parameter
        assert all(one["x-disabled"] for one in parameter.get("examples", {}).values())


def test_operations_are_in_the_order_of_use():
    tags = [tag["name"] for tag in CONTRACT["tags"]]
    assert tags == list(ORDER_OF_USE)
    for tag, names in ORDER_OF_USE.items():
        assert {name for name, operation in OPERATIONS.items() if operation["tags"] == [tag]} == set(names)
    order = [name for names in ORDER_OF_USE.values() for name in names]
    firsts = [min((op["operationId"] for op in item.values()), key=order.index) for item in CONTRACT["paths"].values()]
    assert firsts == sorted(firsts, key=order.index)


def list_request_fields(schema: dict) -> Iterator[tuple[str, dict]]:
    """Return the fields of a request's schema and of all that it is made of."""
    for name in set(re.findall(r"#/components/schemas/(\w+)", str(schema))):
        inner = CONTRACT["components"]["schemas"][name]
        for part in (inner, *inner.get("allOf", ())):
            yield from ((f"{name}.{field}", node) for field, node in part.get("properties", {}).items())
            for node in part.get("properties", {}).values():
                yield from list_request_fields(node)


def test_availability_separates_released_formats_and_previews():
    listed = describe_availability(NOTTINGHAM)
    for formats, schemes in ((listed.formats, []), (listed.preview_formats, [{"key": []}])):
        operations = {one.operation: OPERATIONS[one.operation] for one in formats}
        assert {name: operation["security"] for name, operation in operations.items()} == dict.fromkeys(
            operations, schemes
        )
        assert [one.media_type for one in formats] == [
            next(iter(operation["responses"]["200"]["content"])) for operation in operations.values()
        ]


def test_no_field_of_a_request_has_a_default():
    bodies = [operation["requestBody"] for operation in OPERATIONS.values() if "requestBody" in operation]
    fields = [field for body in bodies for field in list_request_fields(body)]
    assert len(fields) > 30
    assert [name for name, node in fields if "default" in node] == []


def test_every_get_has_an_etag():
    gets = [item["get"]["responses"] for item in CONTRACT["paths"].values() if "get" in item]
    assert len(gets) > 20
    assert all("304" in responses and "ETag" in responses["200"]["headers"] for responses in gets)


def make_validator(schema: dict) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator({**schema, "components": CONTRACT["components"]})


@pytest.mark.parametrize("name", OPERATIONS)
def test_response_is_an_object_of_one_content_type_with_a_valid_example(name):
    for status, response in OPERATIONS[name]["responses"].items():
        if status == "304":  # has no body
            continue
        resolved = (
            CONTRACT["components"]["responses"][response["$ref"].rpartition("/")[2]] if "$ref" in response else response
        )
        [(media_type, content)] = resolved["content"].items()
        as_text = {"text/csv", sdmx_csv.MEDIA_TYPE, sdmx_structure.MEDIA_TYPE, template_workbook.MEDIA_TYPE}
        media_types = {"application/json", "application/geo+json"} | as_text
        media_types = {"application/problem+json"} if int(status) >= 400 else media_types
        assert media_type in media_types
        if media_type in as_text:
            assert content["schema"] == {"type": "string"}
        else:
            assert "$ref" in content["schema"], "a named struct, never a bare list"
        make_validator(content["schema"]).validate(content["example"])


def test_request_has_one_content_type_and_a_valid_example():
    [(media_type, content)] = OPERATIONS["create_submission"]["requestBody"]["content"].items()
    assert media_type == "application/json"
    make_validator(content["schema"]).validate(content["example"])


def test_invalid_example_fails_validation():
    [(_, content)] = OPERATIONS["create_submission"]["requestBody"]["content"].items()
    with pytest.raises(jsonschema.ValidationError):
        make_validator(content["schema"]).validate({"returns": [{"measure": "x"}]})


def test_every_schema_is_described():
    undescribed = [
        name
        for name, schema in CONTRACT["components"]["schemas"].items()
        if not schema.get("description") and "enum" not in schema
    ]
    assert undescribed == []

"""The contract: it is what the code serves, and it follows its rules."""

import inspect
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import msgspec
import pytest

import api.app  # noqa: F401  it imports every refusal
from api.contract_order import ORDER_OF_USE
from api.http.problems import error_code, error_title
from api.http.refusals import list_refusal_classes
from api.outcomes.availability import describe_availability
from api.outcomes.formats import sdmx_csv, sdmx_structure
from api.returns import template_workbook
from api.submissions.checks.finding_codes import FINDING_EXPLANATIONS
from tests.spec.test_resolution import NOTTINGHAM
from work_health import AsyncWorkHealth, WorkHealth

ROOT = Path(__file__).parent.parent.parent
CONTRACT = msgspec.yaml.decode((ROOT / "openapi.yaml").read_bytes())
REFUSALS = {error_code(refusal): refusal for refusal in list_refusal_classes()}
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
        is_refusal = int(status) >= 400 and (name, status) != ("get_readiness", "503")  # which lists the checks
        media_types = {"application/problem+json"} if is_refusal else media_types
        assert media_type in media_types
        if media_type in as_text:
            assert content["schema"] == {"type": "string"}
        else:
            assert "$ref" in content["schema"], "a named struct, never a bare list"
        for example in list_examples(content):
            make_validator(content["schema"]).validate(example)


def list_examples(content: dict) -> list:
    """Return the examples of a response, of which those of refusals are shared."""
    names = [shared["$ref"].rpartition("/")[2] for shared in content.get("examples", {}).values()]
    shared = [CONTRACT["components"]["examples"][name]["value"] for name in names]
    return [*shared, *([content["example"]] if "example" in content else [])]


def list_refusals_of(operation: dict) -> dict[str, list[dict]]:
    """Return the examples of each status of refusal."""
    responses = {status: answer["$ref"] for status, answer in operation["responses"].items() if "$ref" in answer}
    shared = CONTRACT["components"]["responses"]
    return {
        status: list_examples(shared[name.rpartition("/")[2]]["content"]["application/problem+json"])
        for status, name in responses.items()
        if int(status) >= 400
    }


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_refusal_has_examples_with_codes_that_have_pages(name):
    for status, examples in list_refusals_of(OPERATIONS[name]).items():
        assert examples, status
        for example in examples:
            code = example["type"].removeprefix("/errors/")
            assert str(example["status"]) == status
            assert {REFUSALS[code].status, error_title(REFUSALS[code])} == {example["status"], example["title"]}
            assert {error["code"] for error in example.get("errors", ())} <= FINDING_EXPLANATIONS.keys()


# Answers of pages, of the operator's commands and of addresses without an operation.
NOT_IN_CONTRACT = {
    *("foreign-form", "sign-in-unavailable", "method-not-allowed", "conflict", "invalid"),
    *("invalid-binding", "bindings-would-change"),
    *("invalid-plan", "new-series-required", "policy-decision-required", "invalid-boundaries"),
}


def test_every_code_of_the_registry_is_an_example_of_some_operation():
    listed = [one for operation in OPERATIONS.values() for some in list_refusals_of(operation).values() for one in some]
    codes = {example["type"].removeprefix("/errors/") for example in listed}
    of_commands = {code for code, refusal in REFUSALS.items() if refusal.__module__.startswith("api.sources.")}
    assert codes == REFUSALS.keys() - NOT_IN_CONTRACT - of_commands


def test_details_of_examples_are_messages_of_their_codes():
    lines = [line.split("\t") for line in (ROOT / "tests/contract/messages.txt").read_text().splitlines()]
    texts: dict[str, list[str]] = {}
    for code, _, text in lines:
        texts.setdefault(code, []).append(".*".join(map(re.escape, text.split("{…}"))))
    for name, shared in CONTRACT["components"]["examples"].items():
        if name == "invalid-request":  # a message of Litestar
            continue
        patterns = [*texts[shared["value"]["type"].removeprefix("/errors/")], *texts["-"]]
        assert any(re.fullmatch(pattern, shared["value"]["detail"]) for pattern in patterns), name


def test_every_result_is_described_in_a_sentence_of_its_own():
    described: dict[str, set[str]] = {}
    for name, operation in OPERATIONS.items():
        for response in operation["responses"].values():
            if "description" in response:
                assert len(response["description"].split()) >= 4, name
                assert response["description"].endswith("."), name
                described.setdefault(response["description"], set()).add(name)
    assert all(
        len(names) == 1 or all("submission" in n or "return" in n for n in names) for names in described.values()
    )


def test_dry_run_has_a_token_and_its_submission_a_receipt():
    for name in ("create_submission", "create_submission_csv", "create_submission_ndjson", "withdraw_return"):
        trial, report = [
            OPERATIONS[name]["responses"][status]["content"]["application/json"]["example"] for status in ("200", "201")
        ]
        assert (trial["dry_run"], trial["receipt"], len(trial["dry_run_token"])) == (True, None, 64)
        assert (report["dry_run"], bool(report["receipt"]), report["dry_run_token"]) == (False, True, None)


@pytest.mark.parametrize("name", OPERATIONS)
def test_sample_of_the_sdk_calls_a_method_that_takes_its_arguments(name, monkeypatch):
    """Run the sample with a client that binds the arguments to the real method, and sends nothing."""
    calls: list[str] = []

    def bind(self: WorkHealth, **arguments: object) -> str:
        inspect.signature(method).bind(self, **arguments)
        calls.append(name)
        return "a result"

    method = getattr(WorkHealth, name)
    monkeypatch.setattr(WorkHealth, name, bind)
    sample = OPERATIONS[name]["x-codeSamples"][0]
    exec(compile(sample["source"], name, "exec"), {})  # noqa: S102  readers of the reference run it too
    assert calls == [name]


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

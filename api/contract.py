"""Build openapi.yaml from the code: paths from the routes, schemas from the structs."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, cast

import msgspec
import yaml
from litestar import Litestar
from litestar.serialization import encode_json

import schema.areas
import schema.availability
import schema.disclosure
import schema.geojson
import schema.health
import schema.inequality
import schema.json_stat
import schema.logic_model
import schema.measures
import schema.organisations
import schema.outcomes
import schema.partners
import schema.plan
import schema.problems
import schema.programmes
import schema.progress
import schema.publication_jobs
import schema.released_figures
import schema.released_views
import schema.releases
import schema.returns
import schema.reviews
import schema.submission_reports
import schema.submissions
import schema.table_rows
import schema.verdicts
from api.contract_order import find_place
from api.http.problems import PROBLEM_MEDIA_TYPE
from api.portable_contract import make_portable
from api.problem_examples import add_problem_examples
from api.sdk_samples import add_samples

Json = Any
EXAMPLES: dict[str, Json] = {
    name: {} for name in ("parameters", "parameters_of", "requests", "responses", "results", "dry_runs", "problems")
}
for file in sorted(Path(__file__).with_name("examples").glob("*.yaml")):
    for section, examples in yaml.safe_load(file.read_bytes()).items():
        EXAMPLES[section] |= examples
NULL_SCHEMA = {"type": "null"}
SCHEMA_REFERENCE = "#/components/schemas/{name}"
EXAMPLE_DRY_RUN_HASH = "5d2c7e9b41f08a6354bd17c9e2a60f83d9471b5ce86a2f03741d9e58c06ba372"
EXAMPLE_ETAG = '"8d7f2f7a1c5e4b0e9a36f0b6d2c41857"'
NOT_MODIFIED_RESPONSE = {
    "description": "Your copy is current: `If-None-Match` has its `ETag`.",
    "headers": {name: {"$ref": f"#/components/headers/{name.replace('-', '')}"} for name in ("Request-Id", "ETag")},
}
# Bodies that a route reads itself: Litestar does not know their type.
BINARY_SCHEMA: Json = {"type": "string", "format": "binary"}
RAW_REQUEST_BODIES: dict[str, tuple[str, Json]] = {
    "create_submission": ("application/json", {"$ref": "#/components/schemas/NewSubmission"}),
    "create_submission_csv": ("text/csv", BINARY_SCHEMA),
    "create_submission_ndjson": ("application/x-ndjson", BINARY_SCHEMA),
}
SCHEMA_MODULES = (
    schema.plan,
    schema.logic_model,
    schema.areas,
    schema.organisations,
    schema.measures,
    schema.programmes,
    schema.partners,
    schema.problems,
    schema.submissions,
    schema.submission_reports,
    schema.returns,
    schema.reviews,
    schema.verdicts,
    schema.table_rows,
    schema.outcomes,
    schema.inequality,
    schema.json_stat,
    schema.geojson,
    schema.health,
    schema.availability,
    schema.progress,
    schema.disclosure,
    schema.releases,
    schema.released_figures,
    schema.released_views,
    schema.publication_jobs,
)


def build_document(app: Litestar) -> dict[str, Json]:
    """Return the contract as data. The order does not depend on the hash seed."""
    document = cast("dict[str, Json]", msgspec.json.decode(encode_json(app.openapi_schema.to_schema())))
    document["components"]["schemas"] = _build_schemas(set(document["components"]["schemas"]) | {"NewSubmission"})
    for path, item in document["paths"].items():
        for operation in item.values():
            _complete_operation(operation, path)
    for item in document["paths"].values():
        if "get" in item:
            _add_etag(item["get"])
    document["paths"] = dict(sorted(document["paths"].items(), key=lambda pair: (find_place(pair[1]), pair[0])))
    document["components"]["responses"] = {"NotModified": NOT_MODIFIED_RESPONSE}
    add_problem_examples(document, EXAMPLES["problems"])
    document["components"]["headers"] = {
        "RequestId": {
            "description": "The server's id of the request. Quote it when you ask for help.",
            "schema": {"type": "string"},
            "example": "req_0f8e2c61d5a94b7c3e11",
        },
        "ETag": {
            "description": "Identifies the content. Send it as `If-None-Match` in the next request.",
            "schema": {"type": "string"},
            "example": EXAMPLE_ETAG,
        },
    }
    document["servers"] = [{"url": "/", "description": "This server."}]
    document = make_portable(_transform_nodes(document, _normalise_schema))
    return {"openapi": "3.1.0", **{key: value for key, value in document.items() if key != "openapi"}}


def _build_schemas(wanted: set[str]) -> dict[str, Json]:
    """msgspec's own schemas of our structs: they keep docstrings, defaults, bounds and order."""
    named = {name: kind for module in SCHEMA_MODULES for name, kind in vars(module).items() if isinstance(kind, type)}
    _, components = msgspec.json.schema_components(
        [named[name] for name in sorted(wanted & named.keys())], ref_template=SCHEMA_REFERENCE
    )
    bases = {name: base for name in components if (base := _find_base(named[name])) is not None}
    _, shared = msgspec.json.schema_components(list(set(bases.values())), ref_template=SCHEMA_REFERENCE)
    for name, base in bases.items():
        components[name] = _extend_schema(components[name], base.__name__, shared[base.__name__])
    return dict(sorted((shared | components).items()))


def _find_base(kind: type) -> type[msgspec.Struct] | None:
    """Return the struct whose fields this one inherits."""
    base = kind.__base__
    return base if base is not None and base is not msgspec.Struct and issubclass(base, msgspec.Struct) else None


def _extend_schema(schema: dict[str, Json], base_name: str, base: dict[str, Json]) -> dict[str, Json]:
    """Return the schema as its base and its own fields, so that shared fields are written once."""
    own = {key: value for key, value in schema["properties"].items() if key not in base["properties"]}
    required = [key for key in schema["required"] if key in own]
    return {
        **{key: value for key, value in schema.items() if key not in ("type", "properties", "required")},
        "allOf": [
            {"$ref": SCHEMA_REFERENCE.format(name=base_name)},
            {"type": "object", "properties": own, "required": required},
        ],
    }


def _normalise_schema(node: dict[str, Json]) -> dict[str, Json]:
    """Write a schema in the same way for both generators, Litestar and msgspec."""
    if isinstance(node.get("enum"), list) and "type" not in node:
        node["type"] = "string"
    for union in ("oneOf", "anyOf"):
        options: list[Json] = node.get(union) or []
        if not options:
            continue
        rest = [option for option in options if option != NULL_SCHEMA]
        if len(rest) == len(options) and len(rest) > 1:
            continue
        del node[union]
        if len(rest) == 1 and "$ref" not in rest[0]:
            node.update({**rest[0], **node})
            if len(rest) < len(options):
                node["type"] = [rest[0]["type"], "null"]
        elif len(rest) < len(options):
            node["anyOf"] = [*rest, NULL_SCHEMA]
        else:
            node.update(rest[0])
    for bound in ("minimum", "maximum"):
        if isinstance(node.get(bound), float) and node[bound].is_integer():
            node[bound] = int(node[bound])
    for flag in ("deprecated", "allowEmptyValue", "allowReserved"):
        if node.get(flag) is False:
            del node[flag]
    return node


def _complete_operation(operation: dict[str, Json], path: str) -> None:
    """Describe parameters, which are absent but never null, and add examples to bodies."""
    name = operation["operationId"]
    for parameter in operation.get("parameters", ()):
        node = parameter["schema"]
        options = [o for key in ("oneOf", "anyOf") for o in node.pop(key, []) if o != NULL_SCHEMA]
        if options:
            node.update(options[0])
        description = EXAMPLES["parameters_of"].get(name, {})
        parameter.update(EXAMPLES["parameters"][parameter["name"]] | description.get(parameter["name"], {}))
        node.pop("examples", None)
        if not parameter.get("required") and "example" in parameter:
            # The reference sends every example that is not marked so: all optional ones would contradict each other.
            parameter["examples"] = {"example": {"value": parameter.pop("example"), "x-disabled": True}}
    if "parameters" in operation:
        operation["parameters"].sort(key=partial(_parameter_order, path))
    if name in RAW_REQUEST_BODIES:
        media_type, body_schema = RAW_REQUEST_BODIES[name]
        operation["requestBody"] = {"content": {media_type: {"schema": body_schema}}, "required": True}
    body: Json = operation.get("requestBody", {"content": {}})
    for content in body["content"].values():
        content["example"] = EXAMPLES["requests"][name]
    add_samples(operation, EXAMPLES["parameters"] | EXAMPLES["parameters_of"].get(name, {}))
    for status, response in operation["responses"].items():
        if PROBLEM_MEDIA_TYPE not in response["content"]:
            _complete_result(name, status, response)


def _complete_result(name: str, status: str, response: dict[str, Json]) -> None:
    is_dry_run = status == "200" and name in EXAMPLES["dry_runs"]
    named = name if int(status) < 400 else f"{name}_{status}"
    response["description"] = EXAMPLES["dry_runs" if is_dry_run else "results"][named]
    response["headers"] = {"Request-Id": {"$ref": "#/components/headers/RequestId"}}
    example = EXAMPLES["responses"][named]
    for content in response["content"].values():
        content["example"] = _to_dry_run(example) if is_dry_run else example
        content.pop("examples", None)


def _add_etag(operation: dict[str, Json]) -> None:
    """Describe the ETag that `api.http.etags` adds to every response."""
    response = operation["responses"]["200"]
    response["headers"]["ETag"] = {"$ref": "#/components/headers/ETag"}
    operation["responses"]["304"] = {"$ref": "#/components/responses/NotModified"}
    operation["responses"] = dict(sorted(operation["responses"].items()))


def _parameter_order(path: str, parameter: dict[str, Json]) -> int:
    """Sort parameters of the path first, in the order of the path."""
    return path.index(f"{{{parameter['name']}}}") if parameter["in"] == "path" else len(path)


def _to_dry_run(report: dict[str, Json]) -> dict[str, Json]:
    """Return the report of an accepted submission as its dry run gives it: with a token instead of the receipt."""
    return report | {"dry_run": True, "receipt": None, "dry_run_token": EXAMPLE_DRY_RUN_HASH}


def _transform_nodes(node: Json, change: Callable[[dict[str, Json]], dict[str, Json]]) -> Json:
    if isinstance(node, dict):
        inner = cast("dict[str, Json]", node)
        return change(
            {
                key: value if key in ("example", "examples") else _transform_nodes(value, change)
                for key, value in inner.items()
            }
        )
    if isinstance(node, list):
        return [_transform_nodes(item, change) for item in cast("list[Json]", node)]
    return node

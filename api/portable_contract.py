"""Write the contract so that other people's linters and generators read it as it is meant.

- Redocly and Spectral expect `security` on every operation, `[]` where no key is needed, and scopes for OAuth alone.
- openapi-typescript makes a field with a default a required one, which is wrong in a request.
"""

import json
from collections.abc import Iterator
from typing import Any, cast

import yaml

Json = Any
SCOPES_FIELD = "x-scopes"  # a key with any one of these


def make_portable(document: dict[str, Json]) -> dict[str, Json]:
    """Return the document with security that is stated everywhere, and without defaults that mislead."""
    for item in document["paths"].values():
        for operation in item.values():
            _state_security(operation)
    schemas = document["components"]["schemas"]
    in_requests = _follow_references(set(_list_request_schemas(document["paths"])), schemas)
    for name, schema in schemas.items():
        for part in (schema, *schema.get("allOf", ())):
            for field in part.get("properties", {}).values():
                _state_default(field, is_request=name in in_requests)
    return document


def _state_security(operation: dict[str, Json]) -> None:
    scopes = [scope for requirement in operation.get("security", ()) for scope in requirement["key"]]
    operation["security"] = [{"key": []}] if operation.get("security") else []
    if scopes:
        operation[SCOPES_FIELD] = scopes


def _list_request_schemas(paths: dict[str, Json]) -> Iterator[str]:
    for item in paths.values():
        for operation in item.values():
            yield from _find_references(operation.get("requestBody", {}))


def _follow_references(names: set[str], schemas: dict[str, Json]) -> set[str]:
    """Return these schemas and all that they are made of."""
    reached: set[str] = set()
    while names - reached:
        reached |= names
        names = {inner for name in names for inner in _find_references(schemas[name])}
    return reached


def _find_references(node: Json) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in cast("dict[str, Json]", node).items():
            if key == "$ref":
                yield value.rpartition("/")[2]
            elif key != "example":
                yield from _find_references(value)
    elif isinstance(node, list):
        for value in cast("list[Json]", node):
            yield from _find_references(value)


def _state_default(field: dict[str, Json], *, is_request: bool) -> None:
    """Remove a default of null, and every default of a request; another default becomes a sentence."""
    default = field.get("default")
    if default is not None and not is_request:
        return
    field.pop("default", None)
    if default not in (None, [], {}):
        sentence = f"Default: `{default if isinstance(default, str) else json.dumps(default)}`."
        field["description"] = " ".join([*([field["description"]] if "description" in field else []), sentence])


class _PlainDumper(yaml.SafeDumper):
    """Writes what occurs twice twice: OpenAPI Generator does not follow aliases."""

    def ignore_aliases(self, data: Json) -> bool:  # noqa: ARG002 (its name is that of the library)
        return True


def write_yaml(document: dict[str, Json]) -> str:
    """Return the document as YAML without aliases."""
    return yaml.dump(document, Dumper=_PlainDumper, sort_keys=False, allow_unicode=True, width=110)

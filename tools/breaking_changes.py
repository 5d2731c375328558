"""List the changes of openapi.yaml that break clients: `python tools/breaking_changes.py BEFORE [AFTER]`.

BEFORE and AFTER are commits, tags or files; AFTER is the current file by default. A change breaks clients if it narrows an
input or widens an output. Widening an input or adding a field to an output is safe: clients ignore unknown fields.
An `x-extensible-enum` of an output may grow. The exit status is 1 if anything is broken.
"""

import argparse
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
METHODS = ("get", "put", "post", "delete", "patch", "head", "options")
# For an input, upper bounds may not fall and lower bounds may not rise; for an output, the reverse.
UPPER_BOUNDS = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
LOWER_BOUNDS = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
Json = Mapping[str, Any]


def find_breaking_changes(before: Json, after: Json) -> list[str]:
    """Return each breaking change with its operation and its place in it."""
    return list(dict.fromkeys(_ContractComparison(before, after).compare_operations()))


def _list_scopes(operation: Json) -> set[str]:
    return set(operation.get("x-scopes", ()))


class _ContractComparison:
    """Two contracts side by side. A pair of schemas is followed once for each direction, so that cycles end."""

    def __init__(self, before: Json, after: Json) -> None:
        self._before, self._after = before, after
        self._seen: set[tuple[str, str, bool]] = set()

    def compare_operations(self) -> Iterator[str]:
        for path, item in self._before["paths"].items():
            for method in METHODS:
                if method not in item:
                    continue
                where = f"{method.upper()} {path}"
                now = self._after["paths"].get(path, {}).get(method)
                if now is None:
                    yield f"{where}: gone"
                    continue
                self._seen.clear()
                yield from self._compare_operation(where, item[method], now)

    def _compare_operation(self, where: str, old: Json, new: Json) -> Iterator[str]:
        if old.get("operationId") != new.get("operationId"):
            yield f"{where}: operationId {old.get('operationId')} is now {new.get('operationId')}"
        if not old.get("security") and new.get("security"):
            yield f"{where}: needs a key"
        if scopes := _list_scopes(new):  # without scopes, any key will do
            yield from (f"{where}: no longer accepts the scope {name}" for name in sorted(_list_scopes(old) - scopes))
        yield from self._compare_parameters(where, old, new)
        yield from self._compare_body(where, old, new)
        yield from self._compare_responses(where, old, new)

    def _compare_parameters(self, where: str, old: Json, new: Json) -> Iterator[str]:
        before = {(p["in"], p["name"]): p for p in map(self._resolve_old, old.get("parameters", ()))}
        now = {(p["in"], p["name"]): p for p in map(self._resolve_new, new.get("parameters", ()))}
        for key, parameter in before.items():
            place = f"{where}: parameter {key[1]}"
            if key not in now:
                yield f"{place} is gone"
                continue
            if now[key].get("required") and not parameter.get("required"):
                yield f"{place} has become required"
            yield from self._compare_schema(place, parameter.get("schema", {}), now[key].get("schema", {}), sent=True)
        for key in now.keys() - before.keys():
            if now[key].get("required"):
                yield f"{where}: parameter {key[1]} is new and required"

    def _compare_body(self, where: str, old: Json, new: Json) -> Iterator[str]:
        before, now = self._resolve_old(old.get("requestBody", {})), self._resolve_new(new.get("requestBody", {}))
        if now.get("required") and not before.get("required"):
            yield f"{where}: body has become required"
        yield from self._compare_contents(f"{where}: body", before, now, sent=True)

    def _compare_responses(self, where: str, old: Json, new: Json) -> Iterator[str]:
        for status, answer in old["responses"].items():
            place = f"{where}: {status}"
            if status not in new["responses"]:
                if status.startswith("2"):
                    yield f"{place} is gone"
                continue
            before, now = self._resolve_old(answer), self._resolve_new(new["responses"][status])
            yield from self._compare_contents(place, before, now, sent=False)
            for header in before.get("headers", {}).keys() - now.get("headers", {}).keys():
                yield f"{place}: header {header} is gone"
        for status in new["responses"].keys() - old["responses"].keys():
            if status.startswith("2"):
                yield f"{where}: {status} is new"

    def _compare_contents(self, where: str, before: Json, now: Json, *, sent: bool) -> Iterator[str]:
        for media_type, content in before.get("content", {}).items():
            if media_type not in now.get("content", {}):
                yield f"{where}: {media_type} is gone"
                continue
            schema = now["content"][media_type].get("schema", {})
            yield from self._compare_schema(f"{where} {media_type}", content.get("schema", {}), schema, sent=sent)

    def _compare_schema(self, where: str, old: Json, new: Json, *, sent: bool) -> Iterator[str]:
        pair = (old.get("$ref", ""), new.get("$ref", ""), sent)
        if pair[0] and pair[1]:
            if pair in self._seen:
                return
            self._seen.add(pair)
        choices = _list_choices(self._resolve_old(old)), _list_choices(self._resolve_new(new))
        if choices[0] or choices[1]:
            before, now = choices[0] or {_name_choice(old): old}, choices[1] or {_name_choice(new): new}
            yield from self._compare_choices(where, before, now, sent=sent)
            return
        old, new = self._resolve_old(old), self._resolve_new(new)
        yield from self._compare_types(where, old, new, sent=sent)
        yield from self._compare_enums(where, old, new, sent=sent)
        yield from self._compare_bounds(where, old, new, sent=sent)
        yield from self._compare_properties(where, old, new, sent=sent)
        for part in ("items", "additionalProperties"):
            if isinstance(old.get(part), dict) and isinstance(new.get(part), dict):
                yield from self._compare_schema(f"{where}/{part}", old[part], new[part], sent=sent)

    def _compare_types(self, where: str, old: Json, new: Json, *, sent: bool) -> Iterator[str]:
        before, now = _list_types(old), _list_types(new)
        narrowed, widened = before - now, now - before
        if before and now and (narrowed if sent else widened):
            yield f"{where}: type {_format_types(before)} is now {_format_types(now)}"
        if now and not before and sent:
            yield f"{where}: is now of type {_format_types(now)} alone"
        if before and not now and not sent:
            yield f"{where}: is no longer of type {_format_types(before)} alone"
        if old.get("format") != new.get("format") and (new if sent else old).get("format"):
            yield f"{where}: format {old.get('format')} is now {new.get('format')}"

    def _compare_enums(self, where: str, old: Json, new: Json, *, sent: bool) -> Iterator[str]:
        before, now = _list_enum_values(old), _list_enum_values(new)
        if sent and now is not None:
            gone = sorted(map(str, before - now)) if before is not None else ["any other"]
            if gone:
                yield f"{where}: {', '.join(gone)} is no longer accepted"
        if not sent and before is not None and not new.get("x-extensible-enum"):
            more = sorted(map(str, now - before)) if now is not None else ["anything"]
            if more:
                yield f"{where}: {', '.join(more)} may be returned now"

    def _compare_bounds(self, where: str, old: Json, new: Json, *, sent: bool) -> Iterator[str]:
        for names, rises in ((UPPER_BOUNDS, False), (LOWER_BOUNDS, True)):
            for name in names:
                before, now = old.get(name), new.get(name)
                if before == now:
                    continue
                tighter = now is not None and (before is None or (now > before) == rises)
                if tighter == sent:
                    yield f"{where}: {name} {before} is now {now}"
        if old.get("pattern") != new.get("pattern") and (new if sent else old).get("pattern"):
            yield f"{where}: pattern {old.get('pattern')} is now {new.get('pattern')}"

    def _compare_choices(
        self, where: str, before: dict[str, Json], now: dict[str, Json], *, sent: bool
    ) -> Iterator[str]:
        for name in before.keys() - now.keys() if sent else now.keys() - before.keys():
            yield f"{where}: {name} {'is no longer accepted' if sent else 'may be returned now'}"
        for name in before.keys() & now.keys():
            yield from self._compare_schema(where, before[name], now[name], sent=sent)

    def _compare_properties(self, where: str, old: Json, new: Json, *, sent: bool) -> Iterator[str]:
        before, now = old.get("properties", {}), new.get("properties", {})
        required = set(old.get("required", ())), set(new.get("required", ()))
        closed = new.get("additionalProperties") is False
        for name in before.keys() - now.keys():
            if not sent or closed:
                yield f"{where}/{name}: is gone"
        for name in sorted(required[1] - required[0] if sent else (required[0] - required[1]) & now.keys()):
            yield f"{where}/{name}: {'is required now' if sent else 'may be missing now'}"
        for name in before.keys() & now.keys():
            yield from self._compare_schema(f"{where}/{name}", before[name], now[name], sent=sent)

    def _resolve_old(self, document: Json) -> Json:
        return _resolve(document, self._before)

    def _resolve_new(self, document: Json) -> Json:
        return _resolve(document, self._after)


def _resolve(document: Json, whole: Json) -> Json:
    while "$ref" in document:
        target: Any = whole
        for part in document["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        document = target
    return _merge_parts(document, whole) if "allOf" in document else document


def _merge_parts(document: Json, whole: Json) -> Json:
    """Return the schema with the properties of all the parts that it is made of."""
    parts = [_resolve(part, whole) for part in document["allOf"]]
    return {
        **{key: value for part in parts for key, value in part.items()},
        **{key: value for key, value in document.items() if key != "allOf"},
        "properties": {name: value for part in parts for name, value in part.get("properties", {}).items()},
        "required": [name for part in parts for name in part.get("required", ())],
    }


def _list_types(schema: Json) -> set[str]:
    """Return the accepted types; a number accepts integers too."""
    types = schema.get("type", [])
    types = {types} if isinstance(types, str) else set(types)
    return types | {"integer"} if "number" in types else types


def _format_types(types: set[str]) -> str:
    return " or ".join(sorted(types - ({"integer"} if "number" in types else set())))


def _list_enum_values(schema: Json) -> set[Any] | None:
    return {schema["const"]} if "const" in schema else set(schema["enum"]) if "enum" in schema else None


def _list_choices(schema: Json) -> dict[str, Json]:
    return {_name_choice(one): one for kind in ("oneOf", "anyOf") for one in schema.get(kind, ())}


def _name_choice(schema: Json) -> str:
    """A choice is known by what it is called, else by its type."""
    return schema.get("$ref", "").rpartition("/")[2] or _format_types(_list_types(schema)) or "anything"


def read_contract(place: str) -> Json:
    """A file, or openapi.yaml as it was at a commit."""
    if Path(place).is_file():
        return yaml.safe_load(Path(place).read_bytes())
    shown = subprocess.run(["git", "show", f"{place}:openapi.yaml"], cwd=ROOT, capture_output=True, check=True)
    return yaml.safe_load(shown.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("before", help="a commit, a tag or a file")
    parser.add_argument(
        "after", nargs="?", default=str(ROOT / "openapi.yaml"), help="likewise (default: the current file)"
    )
    options = parser.parse_args()
    changes = find_breaking_changes(read_contract(options.before), read_contract(options.after))
    print("\n".join(changes) or "Nothing is broken.")
    sys.exit(bool(changes))


if __name__ == "__main__":
    main()

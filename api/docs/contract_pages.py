"""Parts of the contract for the pages: where an operation is described, and which answers it gives."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

OPENAPI_FILE = Path(__file__).parents[2] / "openapi.yaml"
Json = Any
SUBMISSIONS = ("create_submission", "create_submission_csv", "create_submission_ndjson")


class Place(Struct, frozen=True, kw_only=True):
    """An operation, with the address of its description."""

    name: str
    title: str
    address: str
    call: str  # its method and path


@cache
def load_texts() -> dict[str, bytes]:
    """Return the document in both formats."""
    text = OPENAPI_FILE.read_bytes()
    return {"yaml": text, "json": msgspec.json.encode(msgspec.yaml.decode(text))}


@cache
def load_contract() -> dict[str, Json]:
    return msgspec.json.decode(load_texts()["json"])


@cache
def load_places() -> dict[str, Place]:
    """Return the operations by name."""
    return {
        operation["operationId"]: Place(
            name=operation["operationId"],
            title=operation["summary"],
            address=f"/docs#tag/{operation['tags'][0].lower()}/{method.upper()}{path}",
            call=f"{method.upper()} {path}",
        )
        for path, item in load_contract()["paths"].items()
        for method, operation in item.items()
    }


def list_places(code: str, *, is_finding: bool) -> list[Place]:
    """Return the operations that can answer with a code."""
    places = load_places()
    named = [places[name] for name in SUBMISSIONS] if is_finding else []
    return named + [places[name] for name in _list_answers().get(code, ()) if places[name] not in named]


def find_answer(code: str) -> str | None:
    """Return an answer with the code of a refusal."""
    for example in load_contract()["components"]["examples"].values():
        if example["value"]["type"] == f"/errors/{code}":
            return msgspec.json.format(msgspec.json.encode(example["value"]), indent=2).decode()
    return None


@cache
def _list_answers() -> dict[str, list[str]]:
    """Return the names of the operations for each code of a refusal."""
    contract, answers = load_contract(), dict[str, list[str]]()
    shared, examples = contract["components"]["responses"], contract["components"]["examples"]
    for operation in (operation for item in contract["paths"].values() for operation in item.values()):
        for reference in (response["$ref"] for response in operation["responses"].values() if "$ref" in response):
            for content in shared[reference.rpartition("/")[2]].get("content", {}).values():
                for example in content["examples"].values():
                    code = examples[example["$ref"].rpartition("/")[2]]["value"]["type"].removeprefix("/errors/")
                    names = answers.setdefault(code, [])
                    names += [] if operation["operationId"] in names else [operation["operationId"]]
    return answers


def find_address(text: str) -> str | None:
    """Return the address of a page or of the operation that a piece of code names, such as `GET …/returns`."""
    if re.fullmatch(r"/(docs|errors|guides)(/[\w-]+)?", text):
        return text
    if not text.startswith(("GET ", "POST ", "…/", "/v1/")):
        return None
    method, _, path = text.rpartition(" ")
    path = path.partition("?")[0].removeprefix("…")
    for place in load_places().values():
        if place.call.startswith(method or "GET ") and place.call.endswith(path):
            return place.address
    return None

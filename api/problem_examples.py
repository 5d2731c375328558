"""The examples of refusals in the contract: for each operation and status, the codes that can occur there."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from api.http.bodies import MAX_BODY_BYTES, MAX_FILE_BYTES, MAX_JSON_BYTES
from api.http.problems import PROBLEM_MEDIA_TYPE, error_code, error_title
from api.http.refusals import Refusal, list_refusal_classes

Json = Any
REQUEST_ID = "req_0f8e2c61d5a94b7c3e11"
EXAMPLE_REFERENCE = "#/components/examples/{name}"
RESPONSE_REFERENCE = "#/components/responses/{name}"


class _Operation(NamedTuple):
    """An operation with its path and method, which decide its refusals."""

    path: str
    method: str
    content: Json

    def list_kinds(self) -> Iterator[str]:
        """Yield the kinds of `where` to which the operation belongs."""
        name, tag = self.content["operationId"], self.content["tags"][0]
        parameters = {parameter["name"] for parameter in self.content.get("parameters", ())}
        queries = {one["name"] for one in self.content.get("parameters", ()) if one["in"] == "query"}
        kinds = {
            "key": bool(self.content.get("security")),
            "scope": bool(self.scopes),
            "body": bool(self.media_type),
            "json-body": self.media_type == "application/json",
            "file": self.media_type in {"text/csv", "application/x-ndjson"},
            "submission": name.startswith("create_submission"),
            "idempotent": "Idempotency-Key" in parameters,
            "write": self.method != "get",
            "programme": "programme" in parameters,
            "return": "{period}" in self.path,
            "published": tag in {"Outcomes", "Releases"}
            and "410" in self.content["responses"]
            and self.method == "get",
            "outcomes": tag == "Outcomes" and "measure" in queries,
            "query": bool(queries),
            "cursor": "cursor" in queries,
            "as-of": "as_of" in queries,
        }
        yield from ("all", name, *(kind for kind, applies in kinds.items() if applies))

    def list_refused_statuses(self) -> list[str]:
        """Return the statuses of problems. The 503 of the readiness probe is none."""
        answers = self.content["responses"].items()
        return [status for status, answer in answers if PROBLEM_MEDIA_TYPE in answer.get("content", ())]

    @property
    def scopes(self) -> list[str]:
        return [scope for requirement in self.content.get("security", ()) for scope in requirement["key"]]

    @property
    def media_type(self) -> str:
        return next(iter(self.content.get("requestBody", {}).get("content", ())), "")

    @property
    def words(self) -> dict[str, str]:
        """Return the parts of details that depend on the operation."""
        has_key = bool(self.content.get("security"))
        is_submission = self.content["operationId"] == "create_submission"
        limit = MAX_JSON_BYTES if is_submission else MAX_BODY_BYTES
        return {
            "scopes": " or ".join(self.scopes),
            "media_type": self.media_type,
            "limit": f"{limit if self.media_type == 'application/json' else MAX_FILE_BYTES:,}",
            "quota": "key" if has_key else "address",
            "whose": "with this key" if has_key else "from this address",
        }


def add_problem_examples(document: dict[str, Json], problems: Mapping[str, Json]) -> None:
    """Give each refusal of each operation its examples. Equal ones are shared, and so are equal responses."""
    classes = {error_code(refusal): refusal for refusal in list_refusal_classes()}
    examples: dict[str, Json] = {}
    responses: dict[str, Json] = {}
    for path, item in document["paths"].items():
        for method, content in item.items():
            operation = _Operation(path, method, content)
            kinds = set(operation.list_kinds())
            own = {
                name: _build_example(problem, classes[problem.get("code", name)], operation.words)
                for name, problem in problems.items()
                if kinds & set(problem["where"])
            }
            for status in operation.list_refused_statuses():
                references = {
                    name: {"$ref": EXAMPLE_REFERENCE.format(name=_share(name, example, examples))}
                    for name, example in own.items()
                    if example["value"]["status"] == int(status)
                }
                response = _describe_refusal(content["responses"][status], references)
                shared = _share(f"Problem{status}", response, responses)
                content["responses"][status] = {"$ref": RESPONSE_REFERENCE.format(name=shared)}
    document["components"]["responses"] |= dict(sorted(responses.items()))
    document["components"]["examples"] = dict(sorted(examples.items()))


def _build_example(problem: Json, refusal: type[Refusal], words: Mapping[str, str]) -> Json:
    code = error_code(refusal)
    value = {
        "type": f"/errors/{code}",
        "title": error_title(refusal),
        "status": refusal.status,
        "detail": problem["detail"].format_map(words),
        "request_id": REQUEST_ID,
    }
    errors = {"errors": problem["errors"]} if "errors" in problem else {}
    return {"summary": error_title(refusal), "value": value | errors}


def _describe_refusal(response: Json, references: Json) -> Json:
    [(media_type, content)] = response["content"].items()
    titles = {key: value for key, value in content.items() if key not in ("example", "examples")}
    return {
        **response,
        "headers": {"Request-Id": {"$ref": "#/components/headers/RequestId"}},
        "content": {media_type: titles | {"examples": references}},
    }


def _share(name: str, node: Json, shared: dict[str, Json]) -> str:
    """Return the name under which an equal node is shared; add it under `name`, with a number if that is in use."""
    for number in range(1, len(shared) + 2):
        numbered = name if number == 1 else f"{name}-{number}"
        if shared.setdefault(numbered, node) == node:
            return numbered
    raise AssertionError(name)

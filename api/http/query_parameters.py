"""The parameters of an operation: reject unknown ones, and name one whose value is invalid as the caller wrote it."""

import difflib
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Any

from litestar import Request
from litestar.handlers import BaseRouteHandler
from litestar.params import ParameterKwarg, QueryParameter
from litestar.typing import FieldDefinition

from api.http.refusals import InvalidParameter, NotFound
from schema.problems import Finding, Severity


async def reject_unknown_parameters(request: Request[Any, Any, Any]) -> None:
    """Reject query parameters that the operation does not have: a misspelt filter must not return everything."""
    if "\x00" in request.scope["path"]:
        raise NotFound("The address contains a NUL character, which no code contains.")
    if b"%00" in request.scope["query_string"]:
        raise InvalidParameter("A parameter contains a NUL character, which no code and no text contains.")
    handler = request.route_handler
    known = _list_query_parameters(handler)
    unknown = sorted(set(request.query_params) - set(known))
    if unknown and handler.include_in_schema is not False:
        nearest = difflib.get_close_matches(unknown[0], known, n=1)
        suggestion = f"Did you mean {nearest[0]}?" if nearest else "`/docs` lists all parameters."
        raise InvalidParameter(f"This operation has no parameter {unknown[0]!r}. {suggestion}")


def explain_invalid_parameters(handler: BaseRouteHandler, faults: Sequence[Mapping[str, str]]) -> InvalidParameter:
    """Return the refusal for faults that the framework found: each has the argument's name as `key`."""
    fields = _list_fields(handler)
    findings = [
        Finding(
            code="unreadable-parameter",
            severity=Severity.ERROR,
            message=f"{fault.get('message', 'The value is invalid')}.",
            path=_get_public_name(fault.get("key", ""), fields.get(fault.get("key", ""))),
            fix=_list_values(fields.get(fault.get("key", ""))),
        )
        for fault in faults
    ]
    names = ", ".join(sorted({finding.path or "" for finding in findings}))
    return InvalidParameter(f"The value of {names or 'a parameter'} is invalid.", findings)


def _list_fields(handler: BaseRouteHandler) -> dict[str, FieldDefinition]:
    """Return the arguments of an operation and of its direct and indirect dependencies, by name."""
    providers = dict(handler.resolve_dependencies())
    signatures = [handler.parsed_fn_signature.parameters]
    for signature in signatures:  # the list grows, because dependencies have dependencies
        signatures += [providers.pop(name).parsed_fn_signature.parameters for name in signature if name in providers]
    return {name: field for parameters in reversed(signatures) for name, field in parameters.items()}


@lru_cache(maxsize=1024)
def _list_query_parameters(handler: BaseRouteHandler) -> list[str]:
    return [
        _get_public_name(name, field)
        for name, field in _list_fields(handler).items()
        if isinstance(field.kwarg_definition, QueryParameter)
    ]


def _get_public_name(name: str, field: FieldDefinition | None) -> str:
    definition = field.kwarg_definition if field else None
    return (definition.name if isinstance(definition, ParameterKwarg) else None) or name


def _list_values(field: FieldDefinition | None) -> str | None:
    """Return the fix for an invalid value of an enumeration, or None for another type."""
    types = [one.annotation for one in (field, *field.inner_types)] if field else []
    values = [str(member) for one in types if isinstance(one, type) and issubclass(one, StrEnum) for member in one]
    return f"It is one of {', '.join(values)}." if values else None

"""Integers that a program has written as floats: 140.0 is an integer in JSON Schema 2020-12, and pandas writes it."""

from typing import Any

MAX_EXACT_INTEGER = 2**53  # a float above it may be another integer than the one that was meant


def to_whole_numbers(raw: Any) -> Any:
    """Return the decoded JSON with integers instead of floats that are whole. A field of floats accepts both."""
    match raw:
        case float() if raw.is_integer() and abs(raw) <= MAX_EXACT_INTEGER:
            return int(raw)
        case dict():
            return {name: to_whole_numbers(value) for name, value in raw.items()}  # pyright: ignore[reportUnknownVariableType]
        case list():
            return [to_whole_numbers(value) for value in raw]  # pyright: ignore[reportUnknownVariableType]
        case _:
            return raw

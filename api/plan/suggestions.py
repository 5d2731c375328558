"""Suggest known codes that are similar to an unknown one."""

from collections.abc import Iterable, Mapping

from api.spelling.names import MAX_SUGGESTIONS, find_similar


def suggest_codes(code: str, known: Iterable[str]) -> str | None:
    """Return a question that suggests similar codes, or None if no known code is similar."""
    nearest = find_similar(code, known)
    return f"Did you mean {' or '.join(nearest)}?" if nearest else None


def suggest_named_codes(word: str, name_by_code: Mapping[str, str]) -> str | None:
    """Return a question that suggests the codes which are similar to the word, or whose names are, with the names."""
    codes_by_word: dict[str, list[str]] = {}
    for code, name in name_by_code.items():
        for known in dict.fromkeys((code, name)):
            codes_by_word.setdefault(known, []).append(code)
    similar = [code for known in find_similar(word, codes_by_word) for code in codes_by_word[known]]
    nearest = {code: name_by_code[code] for code in list(dict.fromkeys(similar))[:MAX_SUGGESTIONS]}
    return f"Did you mean {describe_codes(nearest)}?" if nearest else None


def describe_codes(name_by_code: Mapping[str, str]) -> str:
    """Return the codes with their names: `E05012278 (Clifton East) or E05012279 (Clifton West)`."""
    return " or ".join(code if code == name else f"{code} ({name})" for code, name in name_by_code.items())

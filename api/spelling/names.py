"""Compare names that people spell in different ways, and suggest the names that may have been meant."""

import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache

MAX_SUGGESTIONS = 3
_SIMILARITY = 0.75  # below it, `Male` is like `value`, and `Bulwell Total` like `Bulwell Forest`
_GSS_SHAPE = re.compile(r"[A-Z]\d{6,}(-unknown)?", re.ASCII | re.IGNORECASE)
_APOSTROPHES = dict.fromkeys(map(ord, "'\u2018\u2019\u02bc`\u00b4."))
_NOT_A_LETTER = re.compile(r"[\W_]+")


@lru_cache(maxsize=16_384)
def fold_name(name: str) -> str:
    """Return the form in which spellings of a name are equal.

    Case, accents, blanks, hyphens, apostrophes, full stops, and `&` for "and" do not matter.
    """
    decomposed = unicodedata.normalize("NFKD", name.casefold().replace("&", " and ").translate(_APOSTROPHES))
    letters = "".join(character for character in decomposed if not unicodedata.combining(character))
    return _NOT_A_LETTER.sub(" ", letters.replace("+", " plus ")).strip()


def is_well_formed_code(text: str) -> bool:
    """Return True for what has the form of a GSS code, and for numbers, ranges and dates: similarity has no meaning."""
    plain = text.strip()
    return _GSS_SHAPE.fullmatch(plain) is not None or not any(character.isalpha() for character in plain)


def find_similar(text: str, known: Iterable[str]) -> list[str]:
    """Return up to three known words that are spelt nearly like the text, the most similar first.

    Numbers in both must be equal: `quintile 1` is no misspelling of `quintile 2`, nor one GSS code of another.
    """
    if is_well_formed_code(text):
        return []
    folded_by_word = {word: fold_name(word) for word in known}
    target = fold_name(text)
    digits = _list_numbers(target)
    possible = {
        word: folded for word, folded in folded_by_word.items() if not digits or _list_numbers(folded) in ([], digits)
    }
    ratios = {word: _compare(target, folded) for word, folded in possible.items()}
    similar = [word for word, ratio in ratios.items() if ratio >= _SIMILARITY]
    return sorted(similar, key=lambda word: (-ratios[word], word))[:MAX_SUGGESTIONS]


def _list_numbers(folded: str) -> list[str]:
    return re.findall(r"\d+", folded)


def _compare(first: str, second: str) -> float:
    return difflib.SequenceMatcher(None, first, second).ratio() if _may_be_similar(first, second) else 0.0


def _may_be_similar(first: str, second: str) -> bool:
    """Return False where the lengths alone exclude similarity, because the comparison is slow."""
    shorter, longer = sorted((len(first), len(second)))
    return 2 * shorter >= _SIMILARITY * (shorter + longer)


def find_by_name(text: str, names_by_code: Mapping[str, Iterable[str]]) -> list[str]:
    """Return the codes with a name that is the text, in any spelling."""
    target = fold_name(text)
    return [code for code, names in names_by_code.items() if any(fold_name(name) == target for name in names)]


def find_by_part_of_name(text: str, names_by_code: Mapping[str, Iterable[str]]) -> list[str]:
    """Return the codes of which a name begins with the words of the text, as `Clifton East` with `Clifton`."""
    target = fold_name(text)
    return [
        code
        for code, names in names_by_code.items()
        if target and any(fold_name(name).startswith(f"{target} ") for name in names)
    ]

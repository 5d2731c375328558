"""Tables that have the categories of a dimension as columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ._spelling.names import fold_name
from .name_matching import normalise_name
from .tables import build_finding

if TYPE_CHECKING:
    from ._generated.models import Finding
    from .return_forms import Labels

MIN_CATEGORY_COLUMNS = 2
TOTAL_WORDS = frozenset({"all", "total", "totals", "persons", "people", "everyone", "both", "overall", "grand total"})
TOTAL_STARTS = ("total ", "all ")
CATEGORY_WORDS = {
    "female": frozenset({"f", "females", "women", "woman", "girls"}),
    "male": frozenset({"m", "males", "men", "man", "boys"}),
    "unknown": frozenset(
        {"not stated", "not known", "not recorded", "unspecified", "missing", "u", "prefer not to say", "unknown"}
    ),
}
"""Words for categories that exports use, by the code of the category."""


def find_category(word: str, dimension: str, labels: Labels) -> str | None:
    """Return the category that a word of an export means, empty for the total, or None if that is not certain."""
    for text in dict.fromkeys((fold_name(word), _strip_dimension(word, dimension))):
        codes = labels.resolve_category(dimension, text)
        if len(codes) == 1:
            return codes[0]
        if text in TOTAL_WORDS or text.startswith(TOTAL_STARTS):
            return ""
        for code, words in CATEGORY_WORDS.items():
            if code in labels.dimensions[dimension] and text in words:
                return code
    return None


def _strip_dimension(word: str, dimension: str) -> str:
    """Return the word without words of the dimension before it: `Age not recorded` is `not recorded`."""
    words = fold_name(word).split()
    while len(words) > 1 and words[0] in fold_name(dimension).split():
        del words[0]
    return " ".join(words)


def strip_total_word(text: str) -> str | None:
    """Return the name in the label of a total, such as `Nottingham` of `Nottingham total`; None for another text."""
    folded = fold_name(text)
    name = " ".join(word for word in folded.split() if word != "total")
    return name if name and name != folded else None


def list_category_columns(names: Sequence[str], labels: Labels) -> tuple[str, dict[str, str]] | None:
    """Return the dimension whose categories are the names of several columns, and the category of each column."""
    best: tuple[str, dict[str, str]] | None = None
    for dimension in labels.dimensions:
        matches = {name: code for name in names if (code := find_category(name, dimension, labels)) is not None}
        categories = {code for code in matches.values() if code}
        if len(categories) >= MIN_CATEGORY_COLUMNS and (best is None or len(matches) > len(best[1])):
            best = dimension, matches
    return best


def find_wide_table(source: str, header: Sequence[str], rows: Sequence[int], labels: Labels) -> Iterator[Finding]:
    """Report that columns are categories of a dimension."""
    wide = list_category_columns([name for name in header if normalise_name(name)], labels)
    if wide is not None:
        dimension, columns = wide
        names = ", ".join(columns)
        yield build_finding(
            "wide-table",
            f"{source} has the categories of {dimension} as columns: {names}.",
            rows=rows,
            column=next(iter(columns)),
            actual=names,
            fix="`work-health mapping init` writes a mapping file that makes a row of each.",
        )

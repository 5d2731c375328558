"""Resolve the words of a file to codes: codes, names of areas and labels of categories, however they are spelt."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache

from msgspec import Struct

from api.plan.catalogue import Catalogue
from api.plan.suggestions import describe_codes, suggest_named_codes
from api.spelling.bands import explain_band, find_same_band
from api.spelling.names import find_by_part_of_name, fold_name, is_well_formed_code

_TOTAL_WORDS = frozenset({"total", "all", "all ages", "all persons", "persons", "both"})
_KIND_WORDS = frozenset({"ward", "wards", "ua", "la", "district", "borough", "city", "of", "the", "council", "unitary"})


class Resolution(Struct, frozen=True, kw_only=True):
    """The meaning of a word: an area; or how to fix it."""

    code: str | None = None
    is_ambiguous: bool = False  # several areas have the name
    fix: str | None = None
    replaced_code: str | None = None  # the old code, if the code is its successor


NOT_RESOLVED = Resolution()


class Vocabulary(Struct, frozen=True, kw_only=True, eq=False):
    """The codes of one column with their names."""

    names_by_code: Mapping[str, Sequence[str]]
    codes_by_folded_name: Mapping[str, Sequence[str]]

    def find(self, word: str) -> Sequence[str]:
        """Return the codes with exactly this name, in any spelling."""
        return self.codes_by_folded_name.get(fold_name(word), ())

    def describe(self, codes: Iterable[str]) -> str:
        return describe_codes({code: self.names_by_code[code][0] for code in codes})

    def suggest(self, word: str) -> str | None:
        return suggest_named_codes(word, {code: names[0] for code, names in self.names_by_code.items()})


def build_vocabulary(names_by_code: Mapping[str, Sequence[str]]) -> Vocabulary:
    codes: dict[str, list[str]] = {}
    for code, names in names_by_code.items():
        for folded in dict.fromkeys(map(fold_name, [code, *names])):
            codes.setdefault(folded, []).append(code)
    return Vocabulary(names_by_code=names_by_code, codes_by_folded_name=codes)


@lru_cache(maxsize=64)
def build_area_vocabulary(catalogue: Catalogue) -> Vocabulary:
    return build_vocabulary({area.code: [area.name, *area.other_names] for area in catalogue.plan.areas})


@lru_cache(maxsize=64)
def build_category_vocabularies(catalogue: Catalogue) -> dict[str, Vocabulary]:
    return {
        dimension.slug: build_vocabulary({category.code: [category.label] for category in dimension.categories})
        for dimension in catalogue.plan.dimensions
    }


def resolve_area(word: str, catalogue: Catalogue, duty_areas: Sequence[str], first_day: date | None) -> Resolution:
    """Return the area that a word means.

    An area inside one of `duty_areas` precedes others of the same name. An area that ended before `first_day`, on
    which the first period of the submission begins, is replaced by its successor.
    """
    vocabulary = build_area_vocabulary(catalogue)
    codes = [word] if word in catalogue.areas else list(vocabulary.find(word))
    own = [code for code in codes if any(catalogue.is_within(code, area) for area in duty_areas)]
    codes = own or codes
    if len(codes) == 1:
        return _replace_by_successor(codes[0], catalogue, first_day)
    if codes:
        return Resolution(is_ambiguous=True, fix=f"Several areas have this name: {vocabulary.describe(codes)}.")
    return _suggest_area(word, vocabulary)


def is_name(word: str, code: str) -> bool:
    """Return True if a word is a name of the code, and not the code itself, in any spelling."""
    return fold_name(word) != fold_name(code)


def _replace_by_successor(code: str, catalogue: Catalogue, first_day: date | None) -> Resolution:
    area = catalogue.areas[code]
    has_ended = first_day is not None and area.valid_to is not None and area.valid_to < first_day
    if has_ended and len(area.successors) == 1 and area.successors[0] in catalogue.areas:
        return Resolution(code=area.successors[0], replaced_code=code)
    return Resolution(code=code)


def _suggest_area(word: str, vocabulary: Vocabulary) -> Resolution:
    """Return the areas that may be meant: those whose name begins with the word, or has it without its kind of area."""
    words = fold_name(word).split()
    if words[-1:] in (["total"], ["totals"]):
        return Resolution(fix="Leave out rows of totals, or give them the code of the area that they are the total of.")
    if is_well_formed_code(word):
        return NOT_RESOLVED
    core = " ".join(part for part in words if part not in _KIND_WORDS)
    candidates = [*vocabulary.codes_by_folded_name.get(core, ())] or find_by_part_of_name(
        core, vocabulary.names_by_code
    )
    if candidates:
        return Resolution(fix=f"Did you mean {vocabulary.describe(candidates)}?")
    return Resolution(fix=vocabulary.suggest(word))


def find_category(dimension: str, word: str, catalogue: Catalogue) -> str | None:
    """Return the category of a dimension that a word means, if it means exactly one."""
    codes = _list_categories(word, build_category_vocabularies(catalogue)[dimension])
    return codes[0] if len(codes) == 1 else None


def _list_categories(word: str, vocabulary: Vocabulary) -> Sequence[str]:
    if word in vocabulary.names_by_code:
        return [word]
    same_band = find_same_band(word, vocabulary.names_by_code)
    return vocabulary.find(word) or ([same_band] if same_band else [])


def explain_category(dimension: str, word: str, catalogue: Catalogue) -> str | None:
    """Return how to fix a word that is no category of the dimension."""
    vocabularies = build_category_vocabularies(catalogue)
    vocabulary = vocabularies[dimension]
    if codes := vocabulary.find(word):
        return f"Several categories have this label: {vocabulary.describe(codes)}."
    if fold_name(word) in _TOTAL_WORDS:
        return f"For the total, leave the cell of {dimension} empty."
    if explanation := explain_band(word, vocabulary.names_by_code):
        return explanation
    suggestion = vocabulary.suggest(word)
    owners = [slug for slug, other in vocabularies.items() if other.find(word)]
    return suggestion or (f"{word} is a category of {' and of '.join(owners)}." if owners else None)

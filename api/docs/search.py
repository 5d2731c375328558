"""Find guides, their headings and codes by words."""

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from api.docs.codes import CodeMeaning
from api.docs.guides import Guide


class Match(Struct, frozen=True, kw_only=True):
    """A guide, a heading of one, or a code."""

    title: str
    text: str
    address: str


def search(words: str, guides: Mapping[str, Guide], codes: Mapping[str, Sequence[CodeMeaning]]) -> list[Match]:
    """Return what has all of the words, in any order: guides first, then headings, then codes."""
    wanted = words.lower().split()
    return [
        match
        for match in _list_all(guides, codes)
        if all(word in f"{match.title} {match.text} {match.address}".lower() for word in wanted)
    ]


def _list_all(guides: Mapping[str, Guide], codes: Mapping[str, Sequence[CodeMeaning]]) -> Iterator[Match]:
    for guide in guides.values():
        yield Match(title=guide.title, text=guide.summary, address=f"/guides/{guide.name}")
    for guide in guides.values():
        for heading in guide.contents:
            yield Match(title=heading.title, text=guide.title, address=f"/guides/{guide.name}#{heading.anchor}")
    for code, meanings in codes.items():
        yield Match(title=code, text=" ".join(one.meaning for one in meanings), address=f"/errors/{code}")

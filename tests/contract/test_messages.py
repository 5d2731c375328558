"""Every message of the software is in one file, and no test repeats one: a reworded message is one line of diff."""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from tools.collect_messages import GOLDEN, collect

TESTS = Path(__file__).parents[1]
WORD = re.compile(r"[(\"'`“]*([a-z][a-z'’]*)[)\"'`”]*[.,;:?!]*")
# Texts that a test may share with a message, and why.
ALLOWED = {
    "date of birth: 1.2.80": "It is what somebody writes into a note, and the check finds it by these words.",
    "list_observations of a measure": "It is the name of a query.",
    "How will we know": "They are the plan's own words.",
}
ABOUT_WORDS = {"spec/test_page_words.py", "spec/test_page_views.py", "spec/test_return_views.py"}
"""The tests of modules that put figures and states into words for people: there the words are the result."""

Run = tuple[str, ...]


def test_golden_file_holds_every_message():
    assert GOLDEN.read_text().splitlines() == collect(), "run `make contract`, then read the difference"


def test_no_test_repeats_a_message():
    lines = [line.split("\t") for line in GOLDEN.read_text().splitlines()]
    texts = [text.replace("\\n", " ") for _, kind, text in lines if kind != "example"]
    threes, fours = ({run for text in texts for run in _runs(text, length)} for length in (3, 4))
    repeated = [
        f"{path.relative_to(TESTS)}:{literal.lineno}: {literal.value!r}"
        for path in sorted({*TESTS.rglob("*.py")} - {Path(__file__), *(TESTS / name for name in ABOUT_WORDS)})
        for literal in _literals(ast.parse(path.read_text()))
        if _repeats(literal.value, threes, fours) and literal.value not in ALLOWED
    ]
    assert repeated == [], "assert the code, the path, the rows or the figure that the message is about"


def test_sentence_is_recognised_with_its_figures_and_without():
    threes, fours = set(_runs("This needs the scope {…}.", 3)), set(_runs("This needs the scope {…}.", 4))
    assert _repeats("this needs the scope", threes, fours)
    assert _repeats("needs the scope submit-all", threes, fours)
    assert not _repeats("the scope submit-all", threes, fours)
    assert not _repeats("what it needs the scope for", threes, fours)


def _repeats(text: str, threes: set[Run], fours: set[Run]) -> bool:
    """Return True if the text has four words of a message in a row, or only words of a message and values in its gaps."""
    plain = re.sub(r"\\[sn]|\.[*+?]+|\|", " … ", text).replace("\\", "")
    if not fours.isdisjoint(_runs(plain, 4)):
        return True
    known = sum(run in threes for run in _runs(plain, 3))
    return known > 0 and len(plain.split()) >= 4 and known == sum(max(1, len(part) - 2) for part in _parts(plain))


def _runs(text: str, length: int) -> Iterator[Run]:
    for part in _parts(text):
        yield from zip(*(part[start:] for start in range(length)), strict=False)


def _parts(text: str) -> Iterable[list[str]]:
    """Words that follow each other; what is no word ends a part, such as a gap, a slug or a figure."""
    part: list[str] = []
    for token in [*text.lower().split(), "…"]:
        if word := WORD.fullmatch(token):
            part.append(word[1])
        elif part:
            yield part
            part = []


def _literals(tree: ast.Module) -> Iterator[ast.Constant]:
    """Yield the string literals that are part of a statement. A docstring is a statement."""
    alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in alone:
            yield node

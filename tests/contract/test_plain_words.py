"""No text and no name of the project uses an archaic word: docs/style.md has the table, tools/plain_words.py the patterns."""

from pathlib import Path

import pytest

from tools.plain_words import Occurrence, find_in_text, occurrences, text_files

ALLOWED = Path(__file__).with_name("plain_words.txt")


def test_no_archaic_word_is_used_but_the_named_exceptions():
    allowed = set(ALLOWED.read_text().splitlines()) - {""}
    used = {occurrence.key: occurrence for occurrence in occurrences(text_files())}
    new = [f"{used[key].path}:{used[key].line}: {key}" for key in used.keys() - allowed]
    assert sorted(new) == [], "reword these, or name an exception in plain_words.txt"
    assert sorted(allowed - used.keys()) == [], "these exceptions are no longer needed"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A figure that is told stands beside another.", ["told", "stands", "beside"]),
        ("Few people, none or all of them, are alike.", ["few", "none or all", "alike"]),
        ("Return a few lines. This is standard; we understand it.", []),
        ("How to mend it: begin anew.", ["mend", "anew"]),
    ],
)
def test_patterns_find_the_avoided_senses(text: str, words: list[str]):
    assert [occurrence.word for occurrence in find_in_text("a.md", 1, text)] == words


def test_every_kind_of_file_is_read():
    assert {Path(path).suffix for path in text_files()} >= {".py", ".md", ".html", ".yaml"}
    assert Occurrence("a.py", 1, "told", "it is  told").key == "a.py\ttold\tit is told"

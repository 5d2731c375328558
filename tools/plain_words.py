"""List the archaic words that docs/style.md bans: `python tools/plain_words.py [path …]`.

A test compares the list with `tests/contract/plain_words.txt`, which names each allowed exception. Texts are docstrings,
comments and strings of Python files, Markdown and HTML pages, and the examples of the contract. Identifiers are checked
word by word. The plan's own published words are exempt: they are quoted, not ours.
"""

import ast
import io
import re
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
TOPS = ("api", "schema", "sdk", "tests", "benchmarks", "tools", "docs", "migrations")
PAGES = ("README.md", "CONTRIBUTING.md", "TESTING.md", "CHANGELOG.md")
EXEMPT = (
    "_generated/",
    "schema/plans/",
    "tests/contract/messages.txt",
    "tests/contract/plain_words",
    "tools/plain_words.py",
)
EXEMPT_PAGES = ("docs/style.md", "tests/contract/test_plain_words.py")  # they quote the words
# A pattern for each row of the table in docs/style.md, in the avoided sense.
PATTERNS = [
    r"\b(tell|tells|told|telling|untold)\b",
    r"\b(said|saying)\b|\b(it|which|that|answer|response|server|report|code) says\b",
    r"\b(stands?|stood|standing)\b",
    r"\bbeside\b",
    r"\bmend(s|ed|ing)?\b",
    r"\b(anew|afresh)\b",
    r"(?<!\ba )\bfew\b(?! (seconds|minutes|lines|words))",
    r"\balike\b",
    r"\bnone or all\b|\bwhere there (is|are|was|were) none\b",
    r"\bby (itself|himself|themselves|oneself)\b",
    r"\bapart\b(?! from)",
    r"\b(whoever|whatever|whosoever|whichever)\b",
    r"\breckon(s|ed|ing)?\b",
    r"\b(gives?|given|gave|giving) up\b",
    r"\bhangs? together\b",
    r"\b(is|are|was|were|be) (looked at|seen|kept|held|taken|asked)\b(?! back)",
    r"\b(nobody|somebody)('s)?\b(?= (is|has|who))",
    r"\bpeople in (a|the|each) figure\b",
]
STARTS = r"^(Of|What|Whether|Whose|In the order of|Where|Those|Such)\b(?!.*\?$)"
"""How no docstring and no sentence of a message begins. A heading that asks is no sentence."""
IDENTIFIER = re.compile(
    r"^(told|tell|tells|stand|stands|stood|standing|beside|mend|mended|anew|afresh|few|alike|apart|asked|ask|asks|said|reckon|"
    r"found|made|whoever|whatever)$"
)
NOT_FOUND = re.compile(r"(?i)not_found|made_of|too_few")
"""The field's own terms: HTTP 404, a composition, and too few points for a trend."""
WORD = re.compile("|".join(PATTERNS), re.IGNORECASE)
START = re.compile(STARTS)


class Occurrence(NamedTuple):
    """A banned word: its file, its line and the text around it."""

    path: str
    line: int
    word: str
    text: str

    @property
    def key(self) -> str:
        """What names an allowed exception: the file, the word and its text, but not the line."""
        return "\t".join((self.path, self.word, " ".join(self.text.split())))


def occurrences(paths: list[str]) -> list[Occurrence]:
    """Return every banned word of these files, in order."""
    return [found for path in paths for found in _read(path)]


def text_files() -> list[str]:
    """Return the files that are checked, relative to the repository."""
    listed = subprocess.run(
        ["git", "ls-files", *TOPS, *PAGES], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    return [
        path
        for path in listed
        if path.endswith((".py", ".md", ".html", ".jinja", ".yaml"))
        and not any(part in path for part in (*EXEMPT, *EXEMPT_PAGES))
        and (ROOT / path).is_file()
    ]


def _read(path: str) -> Iterator[Occurrence]:
    text = (ROOT / path).read_text()
    if not path.endswith(".py"):
        for number, line in enumerate(text.splitlines(), 1):
            yield from find_in_text(path, number, line)
        return
    tree = ast.parse(text)
    docstrings = set(_docstring_lines(tree))
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        number = token.start[0]
        if token.type == tokenize.COMMENT:
            yield from find_in_text(path, number, token.string.lstrip("# "))
        elif token.type == tokenize.STRING:
            for offset, line in enumerate(token.string.splitlines()):
                content = line.lstrip("rfbu").strip("\"' ")
                yield from find_in_text(path, number + offset, content, start=not offset and number in docstrings)
        elif token.type == tokenize.NAME:
            for part in NOT_FOUND.sub("", token.string).strip("_").lower().split("_"):
                if IDENTIFIER.match(part):
                    yield Occurrence(path, number, part, token.string)


def _docstring_lines(tree: ast.AST) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.lineno


def find_in_text(path: str, number: int, text: str, *, start: bool = False) -> Iterator[Occurrence]:
    """Yield the banned words of one line, and a banned beginning if the line starts a docstring."""
    for match in WORD.finditer(text):
        yield Occurrence(path, number, match.group(0).lower(), text.strip())
    if start and (match := START.match(text)):
        yield Occurrence(path, number, match.group(0), text.strip())


def main() -> None:
    """Print each occurrence, then how many there are in each file."""
    wanted = sys.argv[1:]
    paths = [path for path in text_files() if not wanted or path.startswith(tuple(wanted))]
    listed = occurrences(paths)
    for found in listed:
        print(f"{found.path}:{found.line}: {found.word!r} in: {found.text[:100]}")
    counts = {path: sum(found.path == path for found in listed) for path in paths}
    for path, count in sorted(counts.items(), key=lambda pair: pair[1]):
        if count:
            print(f"{count:6} {path}")
    print(f"{len(listed)} in {sum(map(bool, counts.values()))} files")


if __name__ == "__main__":
    main()

"""Generate the sync client of the SDK from the async one: `python -m tools.unasync [folder]`.

Each module of `work_health/_async` becomes the module of `work_health/_sync` with the same name. The tool replaces words
everywhere in the text, so that docstrings and their examples show the sync client too.
"""

import argparse
import re
from pathlib import Path

from tools.generated_package import replace_package

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "sdk" / "work_health" / "_async"
TARGET = SOURCE.with_name("_sync")

SYNC_WORDS = {
    "__aenter__": "__enter__",
    "__aexit__": "__exit__",
    "__aiter__": "__iter__",
    "aclose": "close",
    "sleep_async": "sleep",
}
KEYWORD = re.compile(r"\b(?:async|await) ")
WORD = re.compile(r"\b\w+\b")
DOCSTRING = re.compile(r'\A""".*?"""\n', re.DOTALL)


def make_sync(source: str, name: str) -> str:
    """Return the sync text of an async module. `name` is the module's file name."""
    text = WORD.sub(lambda word: _make_word_sync(word[0]), KEYWORD.sub("", source))
    return DOCSTRING.sub(f'"""Generated from _async/{name} by tools/unasync.py; do not edit."""\n', text)


def _make_word_sync(word: str) -> str:
    """Return the sync form of a word: `AsyncFigures` is `Figures`."""
    return SYNC_WORDS.get(word) or (word.removeprefix("Async") or word)


def generate(folder: Path) -> None:
    """Replace the folder with the sync modules. If a step fails, the folder stays as it is."""
    replace_package(
        folder, {source.name: make_sync(source.read_text(), source.name) for source in sorted(SOURCE.glob("*.py"))}
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=TARGET)
    generate(parser.parse_args().folder)


if __name__ == "__main__":
    main()

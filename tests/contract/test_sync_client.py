"""The sync client is generated from the async client."""

import subprocess
import sys
from pathlib import Path

from tools import share_spelling
from tools.unasync import ROOT, SOURCE, TARGET, make_sync


def read_modules(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.glob("*.py")}


def test_committed_sync_client_is_what_the_tool_generates(tmp_path):
    subprocess.run([sys.executable, "-m", "tools.unasync", tmp_path / "_sync"], check=True, cwd=ROOT)
    assert read_modules(tmp_path / "_sync") == read_modules(TARGET), "run `make contract`"


def test_committed_spelling_of_the_sdk_is_what_the_tool_generates(tmp_path):
    subprocess.run([sys.executable, "-m", "tools.share_spelling", tmp_path / "copy"], check=True, cwd=ROOT)
    assert read_modules(tmp_path / "copy") == read_modules(share_spelling.TARGET), "run `make contract`"


def test_sync_client_has_every_module_of_the_async_client():
    assert read_modules(TARGET).keys() == read_modules(SOURCE).keys()


def test_words_of_code_and_of_docstrings_become_sync():
    source = '''"""A module."""

class AsyncFigures:
    """Figures to read with `async for`.

    >>> async for figure in await client.figures():
    ...     break
    """

    async def __aenter__(self) -> AsyncIterator[str]:
        await sleep_async(1)
'''
    assert (
        make_sync(source, "figures.py")
        == '''"""Generated from _async/figures.py by tools/unasync.py; do not edit."""

class Figures:
    """Figures to read with `for`.

    >>> for figure in client.figures():
    ...     break
    """

    def __enter__(self) -> Iterator[str]:
        sleep(1)
'''
    )

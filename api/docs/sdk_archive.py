"""Build the source archive of the SDK, which a partner installs from the server's address."""

import gzip
import io
import tarfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

SDK_FOLDER = Path(__file__).parents[2] / "sdk"
TOP_FOLDER = "work_health"  # of the archive
BUILT_FROM = ("pyproject.toml", "README.md", "work_health")


@cache
def build_sdk_archive() -> bytes:
    """Return the archive. The same files give the same bytes: names are sorted, and no file has a time or an owner."""
    content = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=content, mode="wb", mtime=0) as compressed,
        tarfile.open(fileobj=compressed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for file in _list_files():
            entry = tarfile.TarInfo(f"{TOP_FOLDER}/{file.relative_to(SDK_FOLDER).as_posix()}")
            entry.size = file.stat().st_size
            with file.open("rb") as opened:
                archive.addfile(entry, opened)
    return content.getvalue()


def _list_files() -> Iterator[Path]:
    for name in BUILT_FROM:
        path = SDK_FOLDER / name
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        yield from (file for file in files if file.is_file() and "__pycache__" not in file.parts)

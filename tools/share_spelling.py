"""Generate the SDK's copy of the modules that server and SDK share: `python -m tools.share_spelling [folder]`.

The SDK is a distribution of its own and has no msgspec, so it cannot import the server. It reads marks, counts, names
and periods by the same code: `api/spelling`, and the modules of `api/statistics` about periods. Their one struct,
`Period`, becomes a dataclass.
"""

import argparse
import re
from pathlib import Path

from tools.generated_package import replace_package

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "sdk" / "work_health" / "_spelling"
PERIOD_STRUCTS = ROOT / "schema" / "periods.py"
SOURCES = (
    *sorted((ROOT / "api" / "spelling").glob("*.py")),
    *(
        ROOT / "api" / "statistics" / f"{name}.py"
        for name in ("period_codes", "period_spellings", "periods", "period_candidates")
    ),
)
DOCSTRING = re.compile(r'\A"""(.*?)"""\n', re.DOTALL)
IMPORT = re.compile(r"from (?:api\.spelling|api\.statistics)\.(\w+) import")
PERIOD_TYPE = re.compile(r"class PeriodType.*?(?=\n\n\n)", re.DOTALL)


def share(source: str, place: str) -> str:
    """Return the SDK's text of a module of the server. `place` is the module's path in the repository."""
    text = IMPORT.sub(r"from .\1 import", source).replace("from schema.periods import", "from .period_structs import")
    return DOCSTRING.sub(f'"""Generated from {place} by tools/share_spelling.py; do not edit."""\n', text)


def write_period_structs(source: str) -> str:
    """Return the module of the two classes that the modules about periods need, without msgspec."""
    period_type = PERIOD_TYPE.search(source)
    assert period_type is not None
    return f'''"""Generated from schema/periods.py by tools/share_spelling.py; do not edit."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


{period_type[0]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A span of whole days with its code."""

    code: str
    type: PeriodType
    start: date
    end: date
    label: str
'''


def generate(folder: Path) -> None:
    """Replace the folder with the shared modules. If a step fails, the folder stays as it is."""
    modules = {source.name: share(source.read_text(), str(source.relative_to(ROOT))) for source in SOURCES}
    replace_package(folder, modules | {"period_structs.py": write_period_structs(PERIOD_STRUCTS.read_text())})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=TARGET)
    generate(parser.parse_args().folder)


if __name__ == "__main__":
    main()

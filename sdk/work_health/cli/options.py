"""Arguments and options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]
File = Annotated[Path, typer.Argument(help="A CSV file or a workbook.", exists=True, dir_okay=False)]
MappingFile = Annotated[
    Path | None,
    typer.Option(
        "--mapping",
        "-m",
        help="A file that maps your column names and codes to those of the plan (TOML or JSON).",
        exists=True,
    ),
]
Sheet = Annotated[str | None, typer.Option(help="The sheet of the workbook, if several contain cells.")]
Measure = Annotated[str | None, typer.Option(help="The measure, if the file has no such column.")]
Period = Annotated[str | None, typer.Option(help="The period, such as FY2025-26-Q3, if the file has no such column.")]
Organisation = Annotated[str | None, typer.Option(help="The organisation to submit for, if the key has more than one.")]

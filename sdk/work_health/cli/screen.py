"""Output: tables that fit the terminal, and JSON for scripts."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from rich.console import ConsoleOptions, RenderableType, RenderResult

DEFAULT_WIDTH_CHARACTERS = 160  # if the output is not a terminal
WIDE_CHARACTERS = 120
STATE_COLOURS = {"overdue": "red", "queried": "magenta", "open": "yellow", "pending": "yellow", "approved": "green"}
RIGHT_ALIGNED_COLUMNS = frozenset(
    {"value", "revision", "cells", "missing", "before", "after", "figures", "shown", "hidden", "not sent"}
)
LABELLED_COLUMNS = frozenset({"missing", "you may", "submission"})
"""Columns whose cells need their name where they are lines of another column."""


class ContractStruct(Protocol):
    """A struct of the contract."""

    def to_dict(self) -> dict[str, object]: ...


def create_console(*, error: bool = False) -> Console:
    stream = sys.stderr if error else sys.stdout
    console = Console(file=stream, highlight=False, soft_wrap=False)
    if console.is_terminal or os.environ.get("COLUMNS", "").isdigit():
        return console
    return Console(file=stream, highlight=False, width=DEFAULT_WIDTH_CHARACTERS)


def print_json(document: object) -> None:
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False, default=str) + "\n")


def print_items_json(items: Iterable[ContractStruct]) -> None:
    print_json({"items": [item.to_dict() for item in items]})


def print_next(command: str) -> None:
    """Print the command to type next. The terminal wraps it, so that it can be copied."""
    create_console().print(f"Next: [bold]{escape(command)}[/]", soft_wrap=True)


def write_new_file(path: Path, content: bytes) -> None:
    """Write a file that does not exist yet, and say so. Raises `BadParameter` if it exists."""
    try:
        with path.open("xb") as file:
            file.write(content)
    except FileExistsError:
        raise typer.BadParameter(f"{path} exists already", param_hint="--output") from None
    except OSError as error:
        raise typer.BadParameter(f"{path}: {error.strerror}", param_hint="--output") from None
    create_console(error=True).print(f"Saved {path}.", markup=False, soft_wrap=True)


def format_state(state: str) -> str:
    colour = STATE_COLOURS.get(state, "")
    return f"[{colour}]{state}[/]" if colour else state


@dataclass(frozen=True, slots=True)
class WideTable:
    """A table that stacks some of its columns into one where the terminal is narrow."""

    columns: Sequence[str]
    rows: Sequence[Sequence[RenderableType]]
    stack: tuple[tuple[str, ...], ...] = ()
    """The columns on each line of the stacked column. Its name is that of the first."""
    stretched: str | None = None
    """A column that takes all width that is left."""
    right_aligned: Set[str] = RIGHT_ALIGNED_COLUMNS

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        is_narrow = options.max_width < WIDE_CHARACTERS and bool(self.stack)
        stacked = {name for line in self.stack for name in line} - {self.stack[0][0]} if is_narrow else set[str]()
        table = Table(box=None, pad_edge=False, header_style="bold", expand=self.stretched is not None)
        columns = [name for name in self.columns if name not in stacked]
        for name in columns:
            justify = "right" if name in self.right_aligned else "left"
            table.add_column(name, justify=justify, overflow="fold", ratio=1 if name == self.stretched else None)
        for row in self.rows:
            cells = dict(zip(self.columns, row, strict=True))
            if is_narrow:
                cells[self.stack[0][0]] = "\n".join(_stack_lines(cells, self.stack))
            table.add_row(*(cells[name] for name in columns))
        yield table


def _stack_lines(cells: dict[str, RenderableType], stack: tuple[tuple[str, ...], ...]) -> Iterable[str]:
    for names in stack:
        filled = [(name, str(cells[name])) for name in names if str(cells[name]).strip()]
        line = ", ".join(f"{name} {text}" if name in LABELLED_COLUMNS else text for name, text in filled)
        if line:
            yield line

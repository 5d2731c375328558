"""The bar that shows how far a long command is."""

from __future__ import annotations

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from . import screen


class ProgressBar(Progress):
    """The steps that are done. It appears only on a terminal, and on standard error."""

    def __init__(self, description: str) -> None:
        console = screen.create_console(error=True)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        super().__init__(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._task = self.add_task(description, total=None)

    def show(self, description: str, done: int, total: int | None = None) -> None:
        self.update(self._task, description=description, completed=done, total=total)

"""The first line of what is printed from a sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import screen

if TYPE_CHECKING:
    from work_health import WorkHealth


def print_sandbox_note(client: WorkHealth) -> None:
    """State that the values are invented, if the programme is a sandbox."""
    if client.get_programme(client.resolve_programme()).sandbox:
        screen.create_console().print("[bold]Sandbox: all values are invented.[/]")

"""The command line `work-health`, an extra: `pip install "work-health[cli]"`."""

import sys


def main() -> None:
    """Do what was asked, and end with one of the codes of `exits`."""
    try:
        from .app import run
    except ImportError as error:
        if error.name not in {"typer", "rich"}:
            raise
        sys.stderr.write('The command line needs more: pip install "work-health[cli]"\n')
        raise SystemExit(2) from None
    raise SystemExit(run())

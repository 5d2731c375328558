"""The command line `work-health`, an extra: `pip install "work-health[cli]"`."""

import sys


def main() -> None:
    """Run the command line and exit with a code of `exit_codes`."""
    try:
        from .app import run
    except ImportError as error:
        if error.name not in {"typer", "rich"}:
            raise
        sys.stderr.write('To use the command line, install its extra: pip install "work-health[cli]"\n')
        raise SystemExit(2) from None
    raise SystemExit(run())

"""Draws the states of a revision from their table: `python tools/draw_states.py [file]`."""

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from api.submissions.states import TRANSITIONS, UNMOVING  # noqa: E402  it runs from the checkout
from schema.submissions import EventKind, ReviewState  # noqa: E402

PAGE = ROOT / "docs" / "review-states.md"


def drawn() -> str:
    """The page: a Mermaid diagram, and the same as a table for readers without one."""
    arrows = [f"    [*] --> {ReviewState.PENDING}: {EventKind.RECORDED}"]
    arrows += [f"    {start} --> {end}: {event}" for (start, event), end in TRANSITIONS.items()]
    final = [state for state in ReviewState if not any(start is state for start, _ in TRANSITIONS)]
    arrows += [f"    {state} --> [*]" for state in final]
    rows = [f"| {start} | {event} | {end} |" for (start, event), end in TRANSITIONS.items()]
    unmoving = ", ".join(f"`{event}`" for event in EventKind if event in UNMOVING)
    return f"""# The states of a revision

Made from `api/submissions/states.py` by `make contract`.

```mermaid
stateDiagram-v2
{chr(10).join(arrows)}
```

A revision begins as {ReviewState.PENDING}. It is superseded when a newer one is recorded; one that is approved, only
when a newer one is approved: until then it counts, and the correction is pending beside it. Everywhere but in
{" and ".join(final)} these can happen as well, and move nothing: {unmoving}.

| from | event | to |
|---|---|---|
| (new) | {EventKind.RECORDED} | {ReviewState.PENDING} |
{chr(10).join(rows)}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, default=PAGE)
    parser.parse_args().file.write_text(drawn())


if __name__ == "__main__":
    main()

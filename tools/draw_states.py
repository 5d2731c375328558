"""Draws the states of a revision from their table: `python tools/draw_states.py [file]`, and a picture beside it."""

import argparse
import sys
from math import hypot
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from api.submissions.review_states import NON_TRANSITIONING, TRANSITIONS
from schema.returns import EventKind
from schema.submissions import ReviewState

PAGE_FILE = ROOT / "docs" / "reference" / "review-states.md"

# Where each state stands in the picture: the middle of its box.
STATE_POSITIONS = {
    ReviewState.PENDING: (210, 75),
    ReviewState.APPROVED: (690, 75),
    ReviewState.QUERIED: (450, 195),
    ReviewState.SUPERSEDED: (450, 320),
    ReviewState.REDACTED: (450, 440),
}
WIDTH, HEIGHT = 820, 480
SHARED_FRAME = (120, 25, 780, 365)  # round the states that share a way out
HALF_BOX = (62, 22)  # half of a box
ARROW_OFFSET = 10  # half of what lies between two arrows that run against each other


def draw_page() -> str:
    """Return the page: the picture, the rules of superseding, and the transitions as a table."""
    final = [state for state in ReviewState if not any(start is state for start, _ in TRANSITIONS)]
    rows = [f"| {start} | {event} | {end} |" for (start, event), end in TRANSITIONS.items()]
    unmoving = ", ".join(f"`{event}`" for event in EventKind if event in NON_TRANSITIONING)
    return f"""# The states of a revision

The review states of a revision, and the events that change them.

`make contract` makes this page from the table that the server follows.

![The states of a revision](review-states.svg)

A revision begins as `{ReviewState.PENDING}`. A newer revision supersedes a revision that is not approved. An approved
revision is superseded only when a newer revision is approved. Until then it counts, and the correction is pending.

These events are possible in every state except {" and ".join(f"`{state}`" for state in final)}.
They change no state: {unmoving}.

| from | event | to |
|---|---|---|
| (new) | {EventKind.RECORDED} | {ReviewState.PENDING} |
{chr(10).join(rows)}
"""


def draw_picture() -> str:
    """The same as a picture. A way out that all of the others share is drawn once, from the frame round them."""
    shared = {
        (event, end)
        for (_, event), end in TRANSITIONS.items()
        if all((state, event) in TRANSITIONS for state in ReviewState if state is not end)
    }
    single = [(start, event, end) for (start, event), end in TRANSITIONS.items() if (event, end) not in shared]
    left, top, right, bottom = SHARED_FRAME
    x, y = STATE_POSITIONS[ReviewState.PENDING]
    parts = [
        f'<rect class="ground" width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<rect class="line" x="{left}" y="{top}" width="{right - left}" height="{bottom - top}" rx="14" '
        'fill="none" stroke="#5b6773" stroke-dasharray="3 5"/>',
        f'<circle class="tip" cx="24" cy="{y}" r="7" fill="#5b6773"/>',
        *_draw_arrow((31, y), (x - HALF_BOX[0], y), EventKind.RECORDED, aside=-11, along=0.37),
    ]
    for start, event, end in single:
        both = any((start, end) == (there, here) for here, _, there in single)
        parts += _draw_transition(STATE_POSITIONS[start], STATE_POSITIONS[end], event, both=both)
    for event, end in sorted(shared):
        x, y = STATE_POSITIONS[end]
        parts += _draw_arrow((x, bottom), (x, y - HALF_BOX[1]), event, aside=-42)
    for state, (x, y) in STATE_POSITIONS.items():
        parts.append(
            f'<rect class="box" x="{x - HALF_BOX[0]}" y="{y - HALF_BOX[1]}" width="{2 * HALF_BOX[0]}" height="{2 * HALF_BOX[1]}" rx="8" '
            'fill="#f1f4f6" stroke="#5b6773"/>'
        )
        parts.append(f'<text x="{x}" y="{y + 5}" font-weight="600" fill="#17202a">{state}</text>')
    description = "; ".join(f"{start} to {end}: {event}" for (start, event), end in TRANSITIONS.items())
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" font-size="15" \
font-family="system-ui, sans-serif" text-anchor="middle">
<title>The states of a revision: {description}</title>
{chr(10).join(parts)}
</svg>
"""


def _draw_transition(start: tuple[int, int], end: tuple[int, int], event: EventKind, *, both: bool) -> list[str]:
    """An arrow from box to box, beside the one that runs against it."""
    (x, y), (to_x, to_y) = start, end
    length = hypot(to_x - x, to_y - y)
    along = ((to_x - x) / length, (to_y - y) / length)
    aside = (along[1] * ARROW_OFFSET * both, -along[0] * ARROW_OFFSET * both)
    cut = min(size / abs(part) if part else length for size, part in zip(HALF_BOX, along, strict=True))
    begin = (x + along[0] * cut + aside[0], y + along[1] * cut + aside[1])
    until = (to_x - along[0] * cut + aside[0], to_y - along[1] * cut + aside[1])
    return _draw_arrow(begin, until, event, aside=(-9 if along[0] > 0 else 18) if both else 5)


def _draw_arrow(
    begin: tuple[float, float], end: tuple[float, float], event: EventKind, *, aside: float, along: float = 0.5
) -> list[str]:
    """A line with its tip and the event at its middle, `aside` from it: right of it if upright, else below."""
    (x, y), (to_x, to_y) = begin, end
    length = hypot(to_x - x, to_y - y)
    right, down = (to_x - x) / length, (to_y - y) / length
    back, half = 10, 4.5
    tip = [
        (to_x, to_y),
        (to_x - right * back - down * half, to_y - down * back + right * half),
        (to_x - right * back + down * half, to_y - down * back - right * half),
    ]
    middle_x, middle_y = x + (to_x - x) * along, y + (to_y - y) * along
    if abs(right) < abs(down) / 10:
        middle_x, middle_y = middle_x - aside, middle_y + 5
    else:
        middle_y += aside
    return [
        f'<path class="line" d="M{x:.0f} {y:.0f}L{to_x - right * back:.1f} {to_y - down * back:.1f}" '
        'fill="none" stroke="#5b6773" stroke-width="1.5"/>',
        f'<path class="tip" d="M{"L".join(f"{a:.1f} {b:.1f}" for a, b in tip)}Z" fill="#5b6773"/>',
        f'<text class="event" x="{middle_x:.0f}" y="{middle_y:.0f}" fill="#5b6773" stroke="#fff" stroke-width="6" '
        f'stroke-linejoin="round" paint-order="stroke">{event}</text>',
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, default=PAGE_FILE)
    page: Path = parser.parse_args().file
    page.write_text(draw_page())
    page.with_suffix(".svg").write_text(draw_picture())


if __name__ == "__main__":
    main()

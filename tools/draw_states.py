"""Draw the states of a revision from their table: `python tools/draw_states.py [file]` writes a page and a picture."""

import argparse
import sys
from math import hypot
from pathlib import Path
from string import Template

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from api.submissions.review_states import NON_TRANSITIONING, TRANSITIONS
from schema.returns import EventKind
from schema.submissions import ReviewState

Point = tuple[float, float]

PAGE_FILE = ROOT / "docs" / "reference" / "review-states.md"
TEMPLATES_FOLDER = Path(__file__).parent / "templates"

# The centre of each state's box in the picture.
STATE_POSITIONS = {
    ReviewState.PENDING: (210, 75),
    ReviewState.APPROVED: (690, 75),
    ReviewState.QUERIED: (450, 195),
    ReviewState.SUPERSEDED: (450, 320),
    ReviewState.REDACTED: (450, 440),
}
WIDTH, HEIGHT = 820, 480
SHARED_FRAME = (120, 25, 780, 365)  # left, top, right and bottom of the frame around states with a common transition
START_X, START_RADIUS = 24, 7
HALF_BOX = (62, 22)  # half of a box's width and height
ARROW_OFFSET = 10  # half of the distance between two opposite arrows
TIP_LENGTH, TIP_HALF_WIDTH = 10, 4.5


def _fill_template(name: str, **values: object) -> str:
    return Template((TEMPLATES_FOLDER / name).read_text()).substitute(values)


def draw_page() -> str:
    """Return the page: the picture, the rules of superseding, and the transitions as a table."""
    final = [state for state in ReviewState if not any(start is state for start, _ in TRANSITIONS)]
    rows = [f"| {start} | {event} | {end} |" for (start, event), end in TRANSITIONS.items()]
    return _fill_template(
        "review_states.md",
        pending=ReviewState.PENDING,
        recorded=EventKind.RECORDED,
        final=" and ".join(f"`{state}`" for state in final),
        unmoving=", ".join(f"`{event}`" for event in EventKind if event in NON_TRANSITIONING),
        rows="\n".join(rows),
    )


def draw_picture() -> str:
    """Return the picture as SVG. A transition that all other states share starts once, at the frame around them."""
    left, top, right, bottom = SHARED_FRAME
    start_x, start_y = STATE_POSITIONS[ReviewState.PENDING]
    first = _draw_arrow(
        (START_X + START_RADIUS, start_y),
        (start_x - HALF_BOX[0], start_y),
        EventKind.RECORDED,
        label_offset=-11,
        label_position=0.37,
    )
    return _fill_template(
        "review_states.svg",
        width=WIDTH,
        height=HEIGHT,
        transitions="; ".join(f"{start} to {end}: {event}" for (start, event), end in TRANSITIONS.items()),
        frame_x=left,
        frame_y=top,
        frame_width=right - left,
        frame_height=bottom - top,
        start_x=START_X,
        start_y=start_y,
        start_radius=START_RADIUS,
        shapes="\n".join([first, *_draw_transitions(), *(_draw_box(state) for state in STATE_POSITIONS)]),
    )


def _draw_transitions() -> list[str]:
    shared = {
        (event, end)
        for (_, event), end in TRANSITIONS.items()
        if all((state, event) in TRANSITIONS for state in ReviewState if state is not end)
    }
    single = [(start, event, end) for (start, event), end in TRANSITIONS.items() if (event, end) not in shared]
    arrows: list[str] = []
    for start, event, end in single:
        has_opposite = any((start, end) == (other_end, other_start) for other_start, _, other_end in single)
        arrows.append(_draw_transition(STATE_POSITIONS[start], STATE_POSITIONS[end], event, has_opposite=has_opposite))
    for event, end in sorted(shared):
        x, y = STATE_POSITIONS[end]
        arrows.append(_draw_arrow((x, SHARED_FRAME[3]), (x, y - HALF_BOX[1]), event, label_offset=-42))
    return arrows


def _draw_box(state: ReviewState) -> str:
    x, y = STATE_POSITIONS[state]
    half_width, half_height = HALF_BOX
    return _fill_template(
        "state_box.svg",
        x=x - half_width,
        y=y - half_height,
        width=2 * half_width,
        height=2 * half_height,
        text_x=x,
        text_y=y + 5,
        state=state,
    ).rstrip()


def _draw_transition(start: tuple[int, int], end: tuple[int, int], event: EventKind, *, has_opposite: bool) -> str:
    """Draw an arrow from box to box, next to the opposite arrow if there is one."""
    (x, y), (to_x, to_y) = start, end
    length = hypot(to_x - x, to_y - y)
    direction = ((to_x - x) / length, (to_y - y) / length)
    shift = (direction[1] * ARROW_OFFSET * has_opposite, -direction[0] * ARROW_OFFSET * has_opposite)
    cut = min(size / abs(part) if part else length for size, part in zip(HALF_BOX, direction, strict=True))
    tail = (x + direction[0] * cut + shift[0], y + direction[1] * cut + shift[1])
    head = (to_x - direction[0] * cut + shift[0], to_y - direction[1] * cut + shift[1])
    label_offset = (-9 if direction[0] > 0 else 18) if has_opposite else 5
    return _draw_arrow(tail, head, event, label_offset=label_offset)


def _draw_arrow(tail: Point, head: Point, event: EventKind, *, label_offset: float, label_position: float = 0.5) -> str:
    """Draw an arrow with its event at `label_position`, offset to the left of an upright arrow, else downwards."""
    (x, y), (to_x, to_y) = tail, head
    length = hypot(to_x - x, to_y - y)
    right, down = (to_x - x) / length, (to_y - y) / length
    tip = [
        (to_x, to_y),
        (to_x - right * TIP_LENGTH - down * TIP_HALF_WIDTH, to_y - down * TIP_LENGTH + right * TIP_HALF_WIDTH),
        (to_x - right * TIP_LENGTH + down * TIP_HALF_WIDTH, to_y - down * TIP_LENGTH - right * TIP_HALF_WIDTH),
    ]
    label_x, label_y = x + (to_x - x) * label_position, y + (to_y - y) * label_position
    if abs(right) < abs(down) / 10:
        label_x, label_y = label_x - label_offset, label_y + 5
    else:
        label_y += label_offset
    return _fill_template(
        "arrow.svg",
        line=f"M{x:.0f} {y:.0f}L{to_x - right * TIP_LENGTH:.1f} {to_y - down * TIP_LENGTH:.1f}",
        tip=f"M{'L'.join(f'{a:.1f} {b:.1f}' for a, b in tip)}Z",
        text_x=f"{label_x:.0f}",
        text_y=f"{label_y:.0f}",
        event=event,
    ).rstrip()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, default=PAGE_FILE)
    page: Path = parser.parse_args().file
    page.write_text(draw_page())
    page.with_suffix(".svg").write_text(draw_picture())


if __name__ == "__main__":
    main()

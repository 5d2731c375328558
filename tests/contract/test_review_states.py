"""The drawing of the review states agrees with the table of transitions."""

import subprocess
import sys
from pathlib import Path

from api.submissions.review_states import TRANSITIONS
from schema.submissions import ReviewState

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "docs" / "reference" / "review-states.md"
PICTURE = PAGE.with_suffix(".svg")


def test_committed_drawing_is_up_to_date(tmp_path):
    generated = tmp_path / "states.md"
    subprocess.run([sys.executable, ROOT / "tools" / "draw_states.py", generated], check=True, cwd=tmp_path)
    assert generated.read_text() == PAGE.read_text(), "run `make contract`"
    assert generated.with_suffix(".svg").read_text() == PICTURE.read_text(), "run `make contract`"


def test_page_has_every_state_and_transition():
    rows = PAGE.read_text().splitlines()
    for state in ReviewState:
        assert any(f" {state} |" in row for row in rows)
    for (start, event), end in TRANSITIONS.items():
        assert f"| {start} | {event} | {end} |" in rows


def test_drawing_has_every_state_and_names_every_event():
    drawn = PICTURE.read_text()
    for state in ReviewState:
        assert f">{state}</text>" in drawn
    for (start, event), end in TRANSITIONS.items():
        assert f">{event}</text>" in drawn
        assert f"{start} to {end}: {event}" in drawn


def test_drawing_needs_no_inline_style():
    for forbidden in ("<style", "style=", "<script", "href"):
        assert forbidden not in PICTURE.read_text()

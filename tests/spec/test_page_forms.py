"""Fields of a form as the struct of an operation, with a message for each field that is wrong."""

from datetime import UTC, datetime

import pytest

from api.pages.forms import read_form
from schema.publication_jobs import NewRelease
from schema.reviews import Decision, Reason


def test_form_becomes_the_struct_of_the_operation() -> None:
    fields = {"revision": ["3"], "reason": [" Why? "], "form_token": ["x"]}
    assert read_form(Reason, fields).body == Reason(revision=3, reason="Why?")
    assert read_form(Decision, {"revision": ["3"], "text": ["  "]}).body == Decision(revision=3)


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"revision": ["3"]}, ["reason"]),
        ({"revision": ["3"], "reason": [""]}, ["reason"]),
        ({"revision": ["3"], "reason": ["x" * 2001]}, ["reason"]),
        ({"revision": ["3"], "reason": ["a\x00b"]}, ["reason"]),
        ({"revision": ["0"], "reason": ["x"]}, ["revision"]),
        ({"revision": ["three"], "reason": ["x"]}, ["revision"]),
        ({"revision": ["9" * 30], "reason": ["x"]}, ["revision"]),
        ({}, ["reason", "revision"]),
    ],
)
def test_each_wrong_field_has_a_message(fields: dict, wrong: list[str]) -> None:
    form = read_form(Reason, fields)
    assert (form.body, sorted(form.errors)) == (None, wrong)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-07-01T09:30", datetime(2026, 7, 1, 8, 30, tzinfo=UTC)),
        ("2026-12-01T09:30", datetime(2026, 12, 1, 9, 30, tzinfo=UTC)),
        ("2026-12-01T09:30:00+02:00", datetime(2026, 12, 1, 7, 30, tzinfo=UTC)),
    ],
)
def test_time_without_an_offset_is_that_of_london(text: str, instant: datetime) -> None:
    body = read_form(NewRelease, {"publish_at": [text], "exclude_measures": ["a", "b"]}).body
    assert (body.publish_at, body.exclude_measures) == (instant, ["a", "b"])


def test_text_that_is_no_time_is_reported_at_its_field() -> None:
    assert list(read_form(NewRelease, {"publish_at": ["tomorrow"]}).errors) == ["publish_at"]
    assert list(read_form(NewRelease, {"exclude_measures": ["No Slug"]}).errors) == ["exclude_measures"]


def test_empty_reason_names_what_to_write() -> None:
    assert read_form(Reason, {"revision": ["3"], "reason": ["  "]}).errors["reason"].count(" ") == 2

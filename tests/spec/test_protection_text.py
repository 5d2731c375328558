"""The sentences that explain the protection of a release: for each kind, class and unit, and for combinations.

An explanation is written as the classes whose sentences it has, in order. With more than one, each names its measures.
"""

import pytest
from msgspec.structs import replace

from api.outcomes import released_views
from api.outcomes.released_views import explain_protection
from schema.disclosure import ORGANISATIONS_RULE, PERSONS_RULE, DisclosureClass, Policy
from tests.fixtures.example_plan import make_catalogue
from tests.fixtures.release_fixtures import EXAMPLE_RELEASE
from tests.spec.test_resolution import NOTTINGHAM

PERSONS, ORGANISATIONS, PUBLISHED, NONE = DisclosureClass

# fmt: off
#   kind            class            unit                  explained as
COMBINATIONS = {
    ("milestone",   "none",          "milestone-status"):  [],
    ("evidence",    "persons",       "evidence-items"):    [],
    ("flow",        "persons",       "job-placements"):    [PERSONS],
    ("flow",        "persons",       "referrals"):         [PERSONS],
    ("flow",        "persons",       "conversations"):     [PERSONS],
    ("flow",        "persons",       "engagements"):       [PERSONS],
    ("distinct",    "persons",       "people"):            [PERSONS],
    ("distinct",    "organisations", "employers"):         [ORGANISATIONS],
    ("stock",       "organisations", "employers"):         [ORGANISATIONS],
    ("derived",     "organisations", "sign-ups"):          [ORGANISATIONS],
    ("proportion",  "published",     "percent"):           [PUBLISHED],
    ("gap",         "published",     "percentage-points"): [PUBLISHED],
    ("stock",       "published",     "residents"):         [PUBLISHED],
}
#   measures                                                                       explained as
TOGETHER = [
    (["ips-engagements", "hub-job-placements"],                                    [PERSONS]),
    (["ips-engagements", "jsna-research-published"],                               [PERSONS]),
    (["ips-engagements", "good-work-charter-uptake"],                              [PERSONS, ORGANISATIONS]),
    (["neet-16-17", "ips-engagements", "existing-schemes-uptake"],                 [PUBLISHED, PERSONS, ORGANISATIONS]),
    (["jsna-research-published", "lived-experience-involvement"],                  []),
]
# fmt: on


def find_classes(text: str) -> list[DisclosureClass]:
    """Return the classes that an explanation is made of, in its order."""
    if text == released_views._NOTHING_COUNTED:
        return []
    sentences = {one: EXAMPLE_RELEASE.explanations[one] for one in DisclosureClass}
    classes = sorted(
        (one for one in DisclosureClass if sentences[one] in text), key=lambda one: text.index(sentences[one])
    )
    subjects = [released_views._SUBJECTS[one] for one in classes]
    joined = [f"{subject}: {sentences[one]}" for subject, one in zip(subjects, classes, strict=True)]
    assert text == (sentences[classes[0]] if len(classes) == 1 else " ".join(joined))
    return classes


def test_each_kind_class_and_unit_of_the_plan_has_its_explanation():
    explained = {
        (measure.kind, measure.disclosure_class, measure.unit): find_classes(
            explain_protection(EXAMPLE_RELEASE, [measure.slug], NOTTINGHAM)
        )
        for measure in NOTTINGHAM.plan.measures
    }
    assert explained == COMBINATIONS


@pytest.mark.parametrize(("measures", "classes"), TOGETHER)
def test_sentences_that_differ_name_their_measures(measures, classes):
    assert find_classes(explain_protection(EXAMPLE_RELEASE, measures, NOTTINGHAM)) == classes


def test_formula_is_protected_like_its_parts():
    plan = NOTTINGHAM.plan
    changed = [
        replace(measure, disclosure_class=NONE) if measure.slug == "existing-schemes-uptake" else measure
        for measure in plan.measures
    ]
    catalogue = make_catalogue(replace(plan, measures=changed))
    assert find_classes(explain_protection(EXAMPLE_RELEASE, ["existing-schemes-uptake"], catalogue)) == [ORGANISATIONS]


def test_policy_explains_each_class():
    policy = Policy()
    assert [policy.explain(one) for one in (PERSONS, ORGANISATIONS)] == [
        PERSONS_RULE.explanation,
        ORGANISATIONS_RULE.explanation,
    ]
    assert policy.explain(PUBLISHED) != policy.explain(NONE)
    assert Policy(published=PERSONS_RULE).explain(PUBLISHED) == PERSONS_RULE.explanation


def test_sandbox_states_that_all_values_are_invented():
    sandbox, invented = replace(NOTTINGHAM, sandbox=True), released_views.INVENTED
    people = explain_protection(EXAMPLE_RELEASE, ["ips-engagements", "neet-16-17"], sandbox)
    assert people == f"{invented} {EXAMPLE_RELEASE.explanations[PERSONS]}"
    for slug in ("neet-16-17", "jsna-research-published"):
        assert explain_protection(EXAMPLE_RELEASE, [slug], sandbox) == invented

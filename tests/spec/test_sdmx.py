"""SDMX: two independent readers, sdmx1 and pysdmx, read the structure and every file of data. Pure: no database."""

import io
import math

import msgspec
import pysdmx.io
import pytest
import sdmx
from pysdmx.model import Role
from sdmx.model import v30

from api.outcomes.formats import sdmx_csv, sdmx_structure
from api.statistics import periods
from schema.areas import Dimension
from schema.outcomes import Marker, PreviewFigure
from schema.released_figures import PublishedFigure
from schema.submissions import Status
from tests.spec.test_formats import FIGURES, preview_learners
from tests.spec.test_resolution import EAST, HARBOUR, NOTTINGHAM

PREPARED = "2026-09-07T09:00:00+00:00"


def make_published(figure: PreviewFigure, **changes) -> PublishedFigure:
    """Return the figure as a release has it."""
    names = {field.name for field in msgspec.structs.fields(PublishedFigure)}
    shared = {name: value for name, value in msgspec.structs.asdict(figure).items() if name in names}
    bounds = dict.fromkeys(f"{part}_{end}_bound" for part in ("numerator", "denominator") for end in ("lower", "upper"))
    return PublishedFigure(**{**shared, **bounds, "release": 1, "policy_version": 1, **changes})


HIDDEN = make_published(FIGURES[0], value=None, status=Status.CONFIDENTIAL, reason="suppressed", lower_bound=None)
PUBLISHED = [HIDDEN, *(make_published(figure, markers=[]) for figure in FIGURES[1:])]


def list_expected(figures):
    """Return the value, or `nan`, of each figure by measure, area, sex and period."""
    return {
        (f.measure, f.area, f.breakdown.get("sex", "_T"), f.period.code): math.nan if f.value is None else f.value
        for f in figures
    }


def is_equal(read, expected) -> bool:
    return read.keys() == expected.keys() and all(
        value == expected[key] or (math.isnan(value) and math.isnan(expected[key])) for key, value in read.items()
    )


def read_with_sdmx1(figures):
    """Return the observations as sdmx1 reads them with our structure, and its frame."""
    structure = sdmx.read_sdmx(io.BytesIO(sdmx_structure.write_structure(HARBOUR, prepared=PREPARED)))
    [flow] = structure.dataflow.values()
    content = io.BytesIO(sdmx_csv.write_csv(figures, HARBOUR))
    message = sdmx.reader.csv.Reader().convert(content, structure=flow)
    [data] = message.data
    return data.obs, sdmx.to_pandas(data)


def read_with_pysdmx(figures, folder):
    """Return the frame that pysdmx reads with our structure. It checks the structure against the XML schema."""
    data, structure = folder / "outcomes.csv", folder / "structure.xml"
    data.write_bytes(sdmx_csv.write_csv(figures, HARBOUR))
    structure.write_bytes(sdmx_structure.write_structure(HARBOUR, prepared=PREPARED))
    [dataset] = pysdmx.io.get_datasets(data, structure, validate=True)
    return dataset


@pytest.mark.parametrize("figures", [FIGURES, PUBLISHED], ids=["preview", "release"])
def test_sdmx1_reads_every_value_and_every_missing_value(figures):
    observations, frame = read_with_sdmx1(figures)
    read = {
        tuple(observation.dimension[name].value for name in ("MEASURE", "REF_AREA", "SEX", "TIME_PERIOD")): float(
            observation.value
        )
        for observation in observations
    }
    assert is_equal(read, list_expected(figures))
    assert frame.dropna().tolist() == [figure.value for figure in figures if figure.value is not None]
    assert len(frame) == len(figures)


@pytest.mark.parametrize("figures", [FIGURES, PUBLISHED], ids=["preview", "release"])
def test_pysdmx_reads_every_value_and_every_missing_value(figures, tmp_path):
    dataset = read_with_pysdmx(figures, tmp_path)
    rows = dataset.data.to_dict("records")
    read = {(row["MEASURE"], row["REF_AREA"], row["SEX"], row["TIME_PERIOD"]): float(row["OBS_VALUE"]) for row in rows}
    assert is_equal(read, list_expected(figures))
    assert [str(row["REASON"]) for row in rows] == [figure.reason or "" for figure in figures]


def test_structure_has_a_code_list_for_every_code_in_the_data(tmp_path):
    dataset = read_with_pysdmx([HIDDEN, *FIGURES], tmp_path)
    for component in dataset.structure.components:
        used = set(dataset.data[component.id].astype(str)) if component.enumeration else set()
        assert used <= {code.id for code in component.enumeration or ()}, component.id


@pytest.mark.parametrize("catalogue", [HARBOUR, NOTTINGHAM], ids=lambda catalogue: catalogue.slug)
def test_structure_describes_the_columns_of_the_data(catalogue):
    content = sdmx_structure.write_structure(catalogue, prepared=PREPARED)
    message = pysdmx.io.read_sdmx(content.decode(), validate=True)
    [definition] = message.get_data_structure_definitions()
    roles = {component.id: component.role for component in definition.components}
    attributes = dict.fromkeys(sdmx_csv.ATTRIBUTE_COLUMNS, Role.ATTRIBUTE)
    dimensions = dict.fromkeys(sdmx_csv.list_dimensions(catalogue), Role.DIMENSION)
    assert roles == dimensions | {"OBS_VALUE": Role.MEASURE} | attributes
    assert f"{definition.agency}:{definition.id}({definition.version})" == sdmx_csv.build_structure_id(catalogue)
    lists = {codelist.id: {code.id: code.name for code in codelist} for codelist in message.get_codelists()}
    assert lists["CL_REF_AREA"] == {area.code: area.name for area in catalogue.plan.areas}
    assert lists["CL_SEX"]["_T"] == "Total"
    [other] = sdmx.read_sdmx(io.BytesIO(content)).structure.values()
    assert isinstance(other, v30.DataStructureDefinition)
    assert [dimension.id for dimension in other.dimensions] == sdmx_csv.list_dimensions(catalogue)
    assert other.attributes.get("LOWER_BOUND").related_to is not None


def test_structure_uses_the_code_lists_of_sdmx():
    message = pysdmx.io.read_sdmx(sdmx_structure.write_structure(HARBOUR, prepared=PREPARED).decode(), validate=True)
    lists = {(one.agency, one.id, one.version): {code.id for code in one} for one in message.get_codelists()}
    statuses = set(sdmx_csv.CODE_BY_STATUS.values()) | set(sdmx_csv.CODE_BY_MARKER.values()) | {"A"}
    assert lists["SDMX", "CL_OBS_STATUS", "2.2"] == statuses
    assert lists["SDMX", "CL_CONF_STATUS", "1.3"] == {"C", "F", "N"}


def test_texts_of_the_plan_that_xml_does_not_allow_are_left_out():
    plan = msgspec.structs.replace(HARBOUR.plan, title="Harbour\x01 & <Skills>")
    catalogue = msgspec.structs.replace(HARBOUR, plan=plan)
    message = pysdmx.io.read_sdmx(sdmx_structure.write_structure(catalogue, prepared=PREPARED).decode(), validate=True)
    assert message.get_dataflows()[0].name == "Harbour  & <Skills>"


#   slug of the dimension   column
COLUMN_NAMES = [
    ("age-band",            "AGE_BAND"),
    ("19-ethnic-groups",    "DIM_19_ETHNIC_GROUPS"),
    ("period",              "DIM_PERIOD"),
    ("measure",             "DIM_MEASURE"),
    ("action",              "DIM_ACTION"),
]  # fmt: skip


@pytest.mark.parametrize(("slug", "column"), COLUMN_NAMES)
def test_dimension_has_a_column_of_its_own(slug, column):
    dimensions = [Dimension(slug=slug, label="A", categories=HARBOUR.plan.dimensions[0].categories)]
    catalogue = msgspec.structs.replace(HARBOUR, plan=msgspec.structs.replace(HARBOUR.plan, dimensions=dimensions))
    names = sdmx_csv.list_dimensions(catalogue)
    assert names == ["MEASURE", "SERIES", "REF_AREA", column, "TIME_PERIOD"]
    content = sdmx_structure.write_structure(catalogue, prepared=PREPARED)
    assert pysdmx.io.read_sdmx(content.decode(), validate=True).get_data_structure_definitions()


#   figure                                            value    OBS_STATUS  CONF_STATUS
HARBOUR_FIGURE = preview_learners("quay 2026-01 town 12")[0][0]
STATUSES = [
    ("value, returns not approved",                   {},                                     "P", "N"),
    ("value",                                         {"markers": []},                        "A", "N"),
    ("two markers: the more serious one",             {"markers": [Marker.PROVISIONAL, Marker.BREAK]}, "B", "N"),
    ("revised: no code of SDMX",                      {"markers": [Marker.REVISED]},          "A", "N"),
    ("only bounds are known",                         {"value": None},                        "O", "N"),
    ("confidential",                                  {"value": None, "status": Status.CONFIDENTIAL}, "Q", "C"),
    ("not available",                                 {"value": None, "status": Status.NOT_AVAILABLE}, "O", "N"),
    ("not applicable",                                {"value": None, "status": Status.NOT_APPLICABLE}, "M", "N"),
    ("none recorded",                                 {"value": None, "status": Status.NONE_RECORDED}, "O", "N"),
]  # fmt: skip


@pytest.mark.parametrize(("case", "changes", "status", "confidentiality"), STATUSES)
def test_statuses_are_codes_of_the_sdmx_code_lists(case, changes, status, confidentiality):
    figure = msgspec.structs.replace(HARBOUR_FIGURE, **changes)
    assert (sdmx_csv.choose_status_code(figure), sdmx_csv.choose_confidentiality_code(figure)) == (
        status,
        confidentiality,
    )


def test_published_value_is_free_and_a_hidden_one_confidential():
    assert [sdmx_csv.choose_confidentiality_code(figure) for figure in PUBLISHED[:2]] == ["C", "F"]
    _, hidden = sdmx_csv.write_csv([HIDDEN], HARBOUR).decode().splitlines()
    assert ",NaN,Q,C," in hidden


def test_bounds_are_attributes_of_the_observation():
    observations, _ = read_with_sdmx1(FIGURES)
    west = next(figure for figure in FIGURES if figure.lower_bound == 1)
    [observation] = [
        one
        for one in observations
        if (one.dimension["REF_AREA"].value, one.dimension["SEX"].value, one.dimension["TIME_PERIOD"].value)
        == (west.area, "female", "2026-01")
    ]
    attributes = {name: value.value for name, value in observation.attached_attribute.items()}
    assert (attributes["LOWER_BOUND"], attributes["UPPER_BOUND"], attributes["OBS_STATUS"]) == ("1", "4", "O")
    assert west.area != EAST


@pytest.mark.parametrize(
    ("code", "time"),
    [
        ("2026-01", "2026-01"),
        ("CY2026", "2026"),
        ("CY2026-Q3", "2026-Q3"),
        ("FY2025-26-Q1", "2025-04-01/P3M"),
        ("FY2025-26", "2025-04-01/P12M"),
        ("D2025-09-30", "2025-09-30"),
        ("P2025-04..2025-12", "2025-04-01/P9M"),
    ],
)
def test_time_periods_follow_the_sdmx_format(code, time):
    assert sdmx_csv.format_time_period(periods.parse(code)) == time

"""The structure of the SDMX-CSV files: dataflow, data structure definition, concepts and code lists.

SDMX-ML 3.0, because both readers for Python read it: sdmx1 2.28 has no reader for structures in SDMX-JSON, and pysdmx
1.21 reads either. `MeasureRelationship`, which is optional, is left out, because sdmx1 cannot read it.
"""

import re
from collections.abc import Iterable, Mapping
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from api.outcomes.formats.sdmx_csv import (
    AGENCY_ID,
    ATTRIBUTE_COLUMNS,
    KEY_DIMENSIONS,
    MEASURE_COLUMN,
    TIME_DIMENSION,
    TOTAL_CODE,
    build_artefact_id,
    build_version,
    to_component_id,
)
from api.plan.catalogue import Catalogue

MEDIA_TYPE = "application/vnd.sdmx.structure+xml; version=3.0.0"
_SCHEMAS = "http://www.sdmx.org/resources/sdmxml/schemas/v3_0/"
_PREFIXES = {"mes": f"{_SCHEMAS}message", "str": f"{_SCHEMAS}structure", "com": f"{_SCHEMAS}common"}
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
# Characters that plan texts may contain and XML 1.0 does not allow.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_CONCEPTS = "CONCEPTS"
_CONCEPT_NAMES = {
    "MEASURE": "Measure",
    "SERIES": "Series",
    "REF_AREA": "Area",
    "TIME_PERIOD": "Period",
    "OBS_VALUE": "Value",
    "OBS_STATUS": "Status of the value",
    "CONF_STATUS": "Confidentiality",
    "UNIT_MEASURE": "Unit",
    "PERIOD": "Period code of this API",
    "LOWER_BOUND": "The true value is at least this",
    "UPPER_BOUND": "The true value is at most this",
    "NUMERATOR": "Numerator",
    "DENOMINATOR": "Denominator",
    "LOWER_95": "Lower limit of the 95 % confidence interval",
    "UPPER_95": "Upper limit of the 95 % confidence interval",
    "REASON": "Why there is no value",
    "EXPECTED": "Expected returns",
    "RECEIVED": "Received returns",
}
_TEXT_TYPES = {"PERIOD": "String", "REASON": "String", "EXPECTED": "Integer", "RECEIVED": "Integer"}
"""The types of the attributes without a code list that are not numbers with a fraction."""
_REQUIRED_ATTRIBUTES = {"OBS_STATUS", "CONF_STATUS", "UNIT_MEASURE", "PERIOD", "EXPECTED", "RECEIVED"}
# The codes that the files use, of the lists that the SDMX Statistical Working Group maintains.
_SDMX_LISTS = {
    "CL_OBS_STATUS": (
        "2.2",
        "Observation status",
        {
            "A": "Normal value",
            "B": "Time series break",
            "E": "Estimated value",
            "M": "Missing value; data cannot exist",
            "O": "Missing value",
            "P": "Provisional value",
            "Q": "Missing value; suppressed",
            "U": "Low reliability",
        },
    ),
    "CL_CONF_STATUS": (
        "1.3",
        "Confidentiality status",
        {
            "C": "Confidential statistical information",
            "F": "Free (free for publication)",
            "N": "Not for publication, restricted for internal use only",
        },
    ),
}


def write_structure(catalogue: Catalogue, *, prepared: str) -> bytes:
    """Return the structure of the plan version as XML. `prepared` is the instant of the header in RFC 3339."""
    for prefix, address in _PREFIXES.items():
        ElementTree.register_namespace(prefix, address)
    message = Element(_tag("mes:Structure"))
    header = SubElement(message, _tag("mes:Header"))
    _add_text(header, "mes:ID", f"{build_artefact_id(catalogue)}_{catalogue.version}")
    _add_text(header, "mes:Test", "true" if catalogue.sandbox else "false")
    _add_text(header, "mes:Prepared", prepared)
    SubElement(header, _tag("mes:Sender"), id=AGENCY_ID)
    structures = SubElement(message, _tag("mes:Structures"))
    _add_dataflow(structures, catalogue)
    lists = SubElement(structures, _tag("str:Codelists"))
    for list_id, (name, codes) in _list_plan_codes(catalogue).items():
        _add_codelist(lists, AGENCY_ID, list_id, build_version(catalogue), name, codes)
    for list_id, (version, name, codes) in _SDMX_LISTS.items():
        _add_codelist(lists, "SDMX", list_id, version, name, codes)
    _add_concepts(structures, catalogue)
    _add_data_structure(structures, catalogue)
    return ElementTree.tostring(message, encoding="utf-8", xml_declaration=True)


def _tag(name: str) -> str:
    prefix, _, local = name.partition(":")
    return f"{{{_PREFIXES[prefix]}}}{local}"


def _add_text(parent: Element, name: str, text: str, **attributes: str) -> None:
    SubElement(parent, _tag(name), attributes).text = _NOT_XML.sub(" ", text)


def _add_named(parent: Element, name: str, label: str, **attributes: str) -> Element:
    element = SubElement(parent, _tag(name), attributes)
    _add_text(element, "com:Name", label, **{_LANGUAGE: "en"})
    return element


def _add_artefact(parent: Element, name: str, catalogue: Catalogue, artefact_id: str, label: str) -> Element:
    return _add_named(parent, name, label, id=artefact_id, agencyID=AGENCY_ID, version=build_version(catalogue))


def _add_dataflow(structures: Element, catalogue: Catalogue) -> None:
    flows = SubElement(structures, _tag("str:Dataflows"))
    flow = _add_artefact(flows, "str:Dataflow", catalogue, build_artefact_id(catalogue), catalogue.plan.title)
    _add_text(
        flow,
        "str:Structure",
        f"urn:sdmx:org.sdmx.infomodel.datastructure.DataStructure={_refer(catalogue, build_artefact_id(catalogue))}",
    )


def _refer(catalogue: Catalogue, artefact_id: str) -> str:
    return f"{AGENCY_ID}:{artefact_id}({build_version(catalogue)})"


def _list_plan_codes(catalogue: Catalogue) -> dict[str, tuple[str, Mapping[str, str]]]:
    """Return the name and the codes, with labels, of each code list that the plan determines."""
    plan = catalogue.plan
    titles: dict[str, set[str]] = {}
    for measure in plan.measures:
        for series in measure.series:
            titles.setdefault(series.slug, set()).add(series.title)
    return {
        "CL_MEASURE": ("Measures", {measure.slug: measure.label for measure in plan.measures}),
        # Measures share the code of a series, such as `headline`, but not its title.
        "CL_SERIES": (
            "Series",
            {slug: names.pop() if len(names) == 1 else slug for slug, names in sorted(titles.items())},
        ),
        "CL_REF_AREA": ("Areas", {area.code: area.name for area in plan.areas}),
        "CL_UNIT_MEASURE": ("Units", {unit: unit for unit in sorted({measure.unit for measure in plan.measures})}),
        **{
            f"CL_{to_component_id(dimension.slug)}": (
                dimension.label,
                {TOTAL_CODE: "Total", **{category.code: category.label for category in dimension.categories}},
            )
            for dimension in plan.dimensions
        },
    }


def _add_codelist(
    lists: Element, agency: str, list_id: str, version: str, label: str, codes: Mapping[str, str]
) -> None:
    is_partial = "true" if agency == "SDMX" else "false"
    codelist = _add_named(
        lists, "str:Codelist", label, id=list_id, agencyID=agency, version=version, isPartial=is_partial
    )
    for code, name in codes.items():
        _add_named(codelist, "str:Code", name, id=code)


def _add_concepts(structures: Element, catalogue: Catalogue) -> None:
    schemes = SubElement(structures, _tag("str:ConceptSchemes"))
    scheme = _add_artefact(schemes, "str:ConceptScheme", catalogue, _CONCEPTS, "Concepts")
    names = _CONCEPT_NAMES | {
        to_component_id(dimension.slug): dimension.label for dimension in catalogue.plan.dimensions
    }
    for concept, name in names.items():
        _add_named(scheme, "str:Concept", name, id=concept)


def _add_data_structure(structures: Element, catalogue: Catalogue) -> None:
    definitions = SubElement(structures, _tag("str:DataStructures"))
    definition = _add_artefact(
        definitions, "str:DataStructure", catalogue, build_artefact_id(catalogue), catalogue.plan.title
    )
    components = SubElement(definition, _tag("str:DataStructureComponents"))
    dimensions = SubElement(components, _tag("str:DimensionList"), id="DimensionDescriptor")
    plan_dimensions = [to_component_id(dimension.slug) for dimension in catalogue.plan.dimensions]
    for position, name in enumerate([*KEY_DIMENSIONS, *plan_dimensions], start=1):
        element = SubElement(dimensions, _tag("str:Dimension"), id=name, position=str(position))
        _add_identity(element, catalogue, name)
        _add_code_list(element, catalogue, name)
    time = SubElement(dimensions, _tag("str:TimeDimension"), id=TIME_DIMENSION)
    _add_identity(time, catalogue, TIME_DIMENSION)
    _add_format(time, "ObservationalTimePeriod")
    _add_attributes(components, catalogue, ATTRIBUTE_COLUMNS)
    measures = SubElement(components, _tag("str:MeasureList"), id="MeasureDescriptor")
    measure = SubElement(measures, _tag("str:Measure"), id=MEASURE_COLUMN)
    _add_identity(measure, catalogue, MEASURE_COLUMN)
    _add_format(measure, "Double")


def _add_attributes(components: Element, catalogue: Catalogue, names: Iterable[str]) -> None:
    attributes = SubElement(components, _tag("str:AttributeList"), id="AttributeDescriptor")
    for name in names:
        usage = "mandatory" if name in _REQUIRED_ATTRIBUTES else "optional"
        attribute = SubElement(attributes, _tag("str:Attribute"), id=name, usage=usage)
        _add_identity(attribute, catalogue, name)
        if f"CL_{name}" in _SDMX_LISTS or name == "UNIT_MEASURE":
            _add_code_list(attribute, catalogue, name)
        else:
            _add_format(attribute, _TEXT_TYPES.get(name, "Double"))
        relationship = SubElement(attribute, _tag("str:AttributeRelationship"))
        SubElement(relationship, _tag("str:Observation"))


def _add_identity(component: Element, catalogue: Catalogue, concept: str) -> None:
    scheme = _refer(catalogue, _CONCEPTS)
    _add_text(component, "str:ConceptIdentity", f"urn:sdmx:org.sdmx.infomodel.conceptscheme.Concept={scheme}.{concept}")


def _add_code_list(component: Element, catalogue: Catalogue, name: str) -> None:
    list_id = f"CL_{name}"
    reference = f"SDMX:{list_id}({_SDMX_LISTS[list_id][0]})" if list_id in _SDMX_LISTS else _refer(catalogue, list_id)
    representation = SubElement(component, _tag("str:LocalRepresentation"))
    _add_text(representation, "str:Enumeration", f"urn:sdmx:org.sdmx.infomodel.codelist.Codelist={reference}")


def _add_format(component: Element, text_type: str) -> None:
    representation = SubElement(component, _tag("str:LocalRepresentation"))
    SubElement(representation, _tag("str:TextFormat"), textType=text_type)

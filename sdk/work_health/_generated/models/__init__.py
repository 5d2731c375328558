"""Contains all the data models used in inputs/outputs"""

from .aim import Aim
from .amount import Amount
from .area import Area
from .area_page import AreaPage
from .basis import Basis
from .cadence import Cadence
from .calendar import Calendar
from .category import Category
from .category_mappings import CategoryMappings
from .cell_change import CellChange
from .cell_name import CellName
from .cell_name_breakdown import CellNameBreakdown
from .cell_value import CellValue
from .change import Change
from .change_page import ChangePage
from .collection import Collection
from .column import Column
from .comparison import Comparison
from .completeness import Completeness
from .counts import Counts
from .coverage import Coverage
from .dimension import Dimension
from .dimension_page import DimensionPage
from .direction import Direction
from .disclosure_class import DisclosureClass
from .document import Document
from .effect import Effect
from .effect_scope import EffectScope
from .entry_change import EntryChange
from .event_kind import EventKind
from .evidence_entry import EvidenceEntry
from .family import Family
from .finding import Finding
from .formula import Formula
from .gaps import Gaps
from .geography_basis import GeographyBasis
from .grant import Grant
from .identifier import Identifier
from .item_change import ItemChange
from .justification import Justification
from .kind import Kind
from .link import Link
from .logic_model import LogicModel
from .me import Me
from .measure import Measure
from .measure_link import MeasureLink
from .measure_page import MeasurePage
from .milestone_item import MilestoneItem
from .new_return import NewReturn
from .new_submission import NewSubmission
from .node import Node
from .observation import Observation
from .observation_breakdown import ObservationBreakdown
from .observation_page import ObservationPage
from .operation import Operation
from .organisation import Organisation
from .organisation_page import OrganisationPage
from .overlap import Overlap
from .period import Period
from .period_page import PeriodPage
from .period_type import PeriodType
from .plan_reference import PlanReference
from .preview import Preview
from .preview_basis import PreviewBasis
from .preview_protection import PreviewProtection
from .problem import Problem
from .programme import Programme
from .programme_page import ProgrammePage
from .receipt import Receipt
from .report import Report
from .return_change import ReturnChange
from .return_detail import ReturnDetail
from .return_kind import ReturnKind
from .return_page import ReturnPage
from .return_report import ReturnReport
from .return_schema import ReturnSchema
from .return_schema_all_of_item import ReturnSchemaAllOfItem
from .return_schema_properties import ReturnSchemaProperties
from .review_state import ReviewState
from .revision_page import RevisionPage
from .role import Role
from .scheme import Scheme
from .scope import Scope
from .series import Series
from .severity import Severity
from .source import Source
from .standing_observation import StandingObservation
from .standing_observation_breakdown import StandingObservationBreakdown
from .standing_return import StandingReturn
from .status import Status
from .submission_outcome import SubmissionOutcome
from .theme import Theme
from .timeliness import Timeliness
from .unmodelled_activity import UnmodelledActivity
from .unprotected_figure import UnprotectedFigure
from .unprotected_figure_breakdown import UnprotectedFigureBreakdown
from .window import Window
from .withdrawal import Withdrawal

__all__ = (
    "Aim",
    "Amount",
    "Area",
    "AreaPage",
    "Basis",
    "Cadence",
    "Calendar",
    "Category",
    "CategoryMappings",
    "CellChange",
    "CellName",
    "CellNameBreakdown",
    "CellValue",
    "Change",
    "ChangePage",
    "Collection",
    "Column",
    "Comparison",
    "Completeness",
    "Counts",
    "Coverage",
    "Dimension",
    "DimensionPage",
    "Direction",
    "DisclosureClass",
    "Document",
    "Effect",
    "EffectScope",
    "EntryChange",
    "EventKind",
    "EvidenceEntry",
    "Family",
    "Finding",
    "Formula",
    "Gaps",
    "GeographyBasis",
    "Grant",
    "Identifier",
    "ItemChange",
    "Justification",
    "Kind",
    "Link",
    "LogicModel",
    "Me",
    "Measure",
    "MeasureLink",
    "MeasurePage",
    "MilestoneItem",
    "NewReturn",
    "NewSubmission",
    "Node",
    "Observation",
    "ObservationBreakdown",
    "ObservationPage",
    "Operation",
    "Organisation",
    "OrganisationPage",
    "Overlap",
    "Period",
    "PeriodPage",
    "PeriodType",
    "PlanReference",
    "Preview",
    "PreviewBasis",
    "PreviewProtection",
    "Problem",
    "Programme",
    "ProgrammePage",
    "Receipt",
    "Report",
    "ReturnChange",
    "ReturnDetail",
    "ReturnKind",
    "ReturnPage",
    "ReturnReport",
    "ReturnSchema",
    "ReturnSchemaAllOfItem",
    "ReturnSchemaProperties",
    "ReviewState",
    "RevisionPage",
    "Role",
    "Scheme",
    "Scope",
    "Series",
    "Severity",
    "Source",
    "StandingObservation",
    "StandingObservationBreakdown",
    "StandingReturn",
    "Status",
    "SubmissionOutcome",
    "Theme",
    "Timeliness",
    "UnmodelledActivity",
    "UnprotectedFigure",
    "UnprotectedFigureBreakdown",
    "Window",
    "Withdrawal",
)

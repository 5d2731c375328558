"""The structs and words of the contract. Each is read when it is first named, so that importing them all is quick."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .action import Action
    from .aim import Aim
    from .amount import Amount
    from .area import Area
    from .area_family import AreaFamily
    from .area_page import AreaPage
    from .audit_entry import AuditEntry
    from .audit_entry_subject import AuditEntrySubject
    from .audit_page import AuditPage
    from .availability import Availability
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
    from .change_list import ChangeList
    from .change_page import ChangePage
    from .clearance import Clearance
    from .collection import Collection
    from .column import Column
    from .comparator import Comparator
    from .comparison import Comparison
    from .completeness import Completeness
    from .confidence import Confidence
    from .contributor import Contributor
    from .counts import Counts
    from .coverage import Coverage
    from .decision import Decision
    from .dimension import Dimension
    from .dimension_page import DimensionPage
    from .direction import Direction
    from .disclosure_class import DisclosureClass
    from .disparity import Disparity
    from .document import Document
    from .effect import Effect
    from .effect_scope import EffectScope
    from .entry_change import EntryChange
    from .event_kind import EventKind
    from .evidence_entry import EvidenceEntry
    from .exemption import Exemption
    from .extension import Extension
    from .extension_page import ExtensionPage
    from .failed_scope import FailedScope
    from .failed_scope_code import FailedScopeCode
    from .family import Family
    from .feature import Feature
    from .feature_collection import FeatureCollection
    from .feature_collection_type import FeatureCollectionType
    from .feature_properties import FeatureProperties
    from .feature_type import FeatureType
    from .figure import Figure
    from .figure_breakdown import FigureBreakdown
    from .figure_change import FigureChange
    from .figure_limits import FigureLimits
    from .finding import Finding
    from .format_ import Format
    from .formula import Formula
    from .gaps import Gaps
    from .geography_basis import GeographyBasis
    from .geometry import Geometry
    from .geometry_type import GeometryType
    from .grant import Grant
    from .group_figure import GroupFigure
    from .identifier import Identifier
    from .inequality import Inequality
    from .inequality_protection import InequalityProtection
    from .interval_method import IntervalMethod
    from .item_change import ItemChange
    from .json_stat_category import JsonStatCategory
    from .json_stat_category_index import JsonStatCategoryIndex
    from .json_stat_category_label import JsonStatCategoryLabel
    from .json_stat_category_unit import JsonStatCategoryUnit
    from .json_stat_dataset import JsonStatDataset
    from .json_stat_dataset_class import JsonStatDatasetClass
    from .json_stat_dataset_dimension import JsonStatDatasetDimension
    from .json_stat_dataset_status import JsonStatDatasetStatus
    from .json_stat_dataset_version import JsonStatDatasetVersion
    from .json_stat_dimension import JsonStatDimension
    from .json_stat_extension import JsonStatExtension
    from .json_stat_extension_coverage import JsonStatExtensionCoverage
    from .json_stat_extension_lower import JsonStatExtensionLower
    from .json_stat_extension_lower_bound import JsonStatExtensionLowerBound
    from .json_stat_extension_protection import JsonStatExtensionProtection
    from .json_stat_extension_reason import JsonStatExtensionReason
    from .json_stat_extension_upper import JsonStatExtensionUpper
    from .json_stat_extension_upper_bound import JsonStatExtensionUpperBound
    from .json_stat_role import JsonStatRole
    from .json_stat_unit import JsonStatUnit
    from .justification import Justification
    from .kind import Kind
    from .link import Link
    from .logic_model import LogicModel
    from .logic_model_outcomes import LogicModelOutcomes
    from .logic_model_outcomes_protection import LogicModelOutcomesProtection
    from .marker import Marker
    from .me import Me
    from .measure import Measure
    from .measure_availability import MeasureAvailability
    from .measure_link import MeasureLink
    from .measure_page import MeasurePage
    from .measure_period import MeasurePeriod
    from .measure_progress import MeasureProgress
    from .milestone_item import MilestoneItem
    from .movement import Movement
    from .new_comment import NewComment
    from .new_exemption import NewExemption
    from .new_extension import NewExtension
    from .new_release import NewRelease
    from .new_return import NewReturn
    from .new_submission import NewSubmission
    from .no_trend import NoTrend
    from .node import Node
    from .node_outcomes import NodeOutcomes
    from .not_moved import NotMoved
    from .obligation import Obligation
    from .obligation_page import ObligationPage
    from .obligation_state import ObligationState
    from .observation import Observation
    from .observation_breakdown import ObservationBreakdown
    from .observation_page import ObservationPage
    from .operation import Operation
    from .organisation import Organisation
    from .organisation_page import OrganisationPage
    from .outcomes import Outcomes
    from .outcomes_labels import OutcomesLabels
    from .outcomes_labels_additional_property import OutcomesLabelsAdditionalProperty
    from .overlap import Overlap
    from .period import Period
    from .period_page import PeriodPage
    from .period_type import PeriodType
    from .plan_reference import PlanReference
    from .policy import Policy
    from .policy_decision import PolicyDecision
    from .preview import Preview
    from .preview_labels import PreviewLabels
    from .preview_labels_additional_property import PreviewLabelsAdditionalProperty
    from .preview_protection import PreviewProtection
    from .problem import Problem
    from .programme import Programme
    from .programme_page import ProgrammePage
    from .progress import Progress
    from .progress_protection import ProgressProtection
    from .publication import Publication
    from .publication_list import PublicationList
    from .publication_state import PublicationState
    from .published_figure import PublishedFigure
    from .published_figure_breakdown import PublishedFigureBreakdown
    from .published_source import PublishedSource
    from .queried import Queried
    from .reason import Reason
    from .receipt import Receipt
    from .redaction import Redaction
    from .redaction_page import RedactionPage
    from .rehearsal import Rehearsal
    from .relation import Relation
    from .release import Release
    from .release_audit import ReleaseAudit
    from .release_audit_entries import ReleaseAuditEntries
    from .release_change import ReleaseChange
    from .release_change_breakdown import ReleaseChangeBreakdown
    from .release_change_why import ReleaseChangeWhy
    from .release_explanations import ReleaseExplanations
    from .release_list import ReleaseList
    from .release_report import ReleaseReport
    from .release_withdrawal import ReleaseWithdrawal
    from .released_entry import ReleasedEntry
    from .released_entry_list import ReleasedEntryList
    from .released_inequality import ReleasedInequality
    from .released_logic_model import ReleasedLogicModel
    from .released_measure import ReleasedMeasure
    from .released_progress import ReleasedProgress
    from .released_theme import ReleasedTheme
    from .report import Report
    from .resolved import Resolved
    from .return_change import ReturnChange
    from .return_detail import ReturnDetail
    from .return_kind import ReturnKind
    from .return_page import ReturnPage
    from .return_report import ReturnReport
    from .return_schema import ReturnSchema
    from .return_schema_all_of_item import ReturnSchemaAllOfItem
    from .return_schema_properties import ReturnSchemaProperties
    from .review import Review
    from .review_state import ReviewState
    from .reviewed import Reviewed
    from .revision_basis import RevisionBasis
    from .revision_page import RevisionPage
    from .role import Role
    from .rule import Rule
    from .scheme import Scheme
    from .scope import Scope
    from .scope_audit import ScopeAudit
    from .scope_report import ScopeReport
    from .series import Series
    from .series_availability import SeriesAvailability
    from .severity import Severity
    from .since import Since
    from .source import Source
    from .standing_observation import StandingObservation
    from .standing_observation_breakdown import StandingObservationBreakdown
    from .standing_return import StandingReturn
    from .status import Status
    from .submission_outcome import SubmissionOutcome
    from .target import Target
    from .target_verdict import TargetVerdict
    from .tendency import Tendency
    from .theme import Theme
    from .theme_progress import ThemeProgress
    from .timeliness import Timeliness
    from .trend import Trend
    from .trend_method import TrendMethod
    from .unmodelled_activity import UnmodelledActivity
    from .unprotected_figure import UnprotectedFigure
    from .unprotected_figure_breakdown import UnprotectedFigureBreakdown
    from .verdict import Verdict
    from .window import Window
    from .withdrawal import Withdrawal

__all__ = (
    "Action",
    "Aim",
    "Amount",
    "Area",
    "AreaFamily",
    "AreaPage",
    "AuditEntry",
    "AuditEntrySubject",
    "AuditPage",
    "Availability",
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
    "ChangeList",
    "ChangePage",
    "Clearance",
    "Collection",
    "Column",
    "Comparator",
    "Comparison",
    "Completeness",
    "Confidence",
    "Contributor",
    "Counts",
    "Coverage",
    "Decision",
    "Dimension",
    "DimensionPage",
    "Direction",
    "DisclosureClass",
    "Disparity",
    "Document",
    "Effect",
    "EffectScope",
    "EntryChange",
    "EventKind",
    "EvidenceEntry",
    "Exemption",
    "Extension",
    "ExtensionPage",
    "FailedScope",
    "FailedScopeCode",
    "Family",
    "Feature",
    "FeatureCollection",
    "FeatureCollectionType",
    "FeatureProperties",
    "FeatureType",
    "Figure",
    "FigureBreakdown",
    "FigureChange",
    "FigureLimits",
    "Finding",
    "Format",
    "Formula",
    "Gaps",
    "GeographyBasis",
    "Geometry",
    "GeometryType",
    "Grant",
    "GroupFigure",
    "Identifier",
    "Inequality",
    "InequalityProtection",
    "IntervalMethod",
    "ItemChange",
    "JsonStatCategory",
    "JsonStatCategoryIndex",
    "JsonStatCategoryLabel",
    "JsonStatCategoryUnit",
    "JsonStatDataset",
    "JsonStatDatasetClass",
    "JsonStatDatasetDimension",
    "JsonStatDatasetStatus",
    "JsonStatDatasetVersion",
    "JsonStatDimension",
    "JsonStatExtension",
    "JsonStatExtensionCoverage",
    "JsonStatExtensionLower",
    "JsonStatExtensionLowerBound",
    "JsonStatExtensionProtection",
    "JsonStatExtensionReason",
    "JsonStatExtensionUpper",
    "JsonStatExtensionUpperBound",
    "JsonStatRole",
    "JsonStatUnit",
    "Justification",
    "Kind",
    "Link",
    "LogicModel",
    "LogicModelOutcomes",
    "LogicModelOutcomesProtection",
    "Marker",
    "Me",
    "Measure",
    "MeasureAvailability",
    "MeasureLink",
    "MeasurePage",
    "MeasurePeriod",
    "MeasureProgress",
    "MilestoneItem",
    "Movement",
    "NewComment",
    "NewExemption",
    "NewExtension",
    "NewRelease",
    "NewReturn",
    "NewSubmission",
    "Node",
    "NodeOutcomes",
    "NotMoved",
    "NoTrend",
    "Obligation",
    "ObligationPage",
    "ObligationState",
    "Observation",
    "ObservationBreakdown",
    "ObservationPage",
    "Operation",
    "Organisation",
    "OrganisationPage",
    "Outcomes",
    "OutcomesLabels",
    "OutcomesLabelsAdditionalProperty",
    "Overlap",
    "Period",
    "PeriodPage",
    "PeriodType",
    "PlanReference",
    "Policy",
    "PolicyDecision",
    "Preview",
    "PreviewLabels",
    "PreviewLabelsAdditionalProperty",
    "PreviewProtection",
    "Problem",
    "Programme",
    "ProgrammePage",
    "Progress",
    "ProgressProtection",
    "Publication",
    "PublicationList",
    "PublicationState",
    "PublishedFigure",
    "PublishedFigureBreakdown",
    "PublishedSource",
    "Queried",
    "Reason",
    "Receipt",
    "Redaction",
    "RedactionPage",
    "Rehearsal",
    "Relation",
    "Release",
    "ReleaseAudit",
    "ReleaseAuditEntries",
    "ReleaseChange",
    "ReleaseChangeBreakdown",
    "ReleaseChangeWhy",
    "ReleasedEntry",
    "ReleasedEntryList",
    "ReleasedInequality",
    "ReleasedLogicModel",
    "ReleasedMeasure",
    "ReleasedProgress",
    "ReleasedTheme",
    "ReleaseExplanations",
    "ReleaseList",
    "ReleaseReport",
    "ReleaseWithdrawal",
    "Report",
    "Resolved",
    "ReturnChange",
    "ReturnDetail",
    "ReturnKind",
    "ReturnPage",
    "ReturnReport",
    "ReturnSchema",
    "ReturnSchemaAllOfItem",
    "ReturnSchemaProperties",
    "Review",
    "Reviewed",
    "ReviewState",
    "RevisionBasis",
    "RevisionPage",
    "Role",
    "Rule",
    "Scheme",
    "Scope",
    "ScopeAudit",
    "ScopeReport",
    "Series",
    "SeriesAvailability",
    "Severity",
    "Since",
    "Source",
    "StandingObservation",
    "StandingObservationBreakdown",
    "StandingReturn",
    "Status",
    "SubmissionOutcome",
    "Target",
    "TargetVerdict",
    "Tendency",
    "Theme",
    "ThemeProgress",
    "Timeliness",
    "Trend",
    "TrendMethod",
    "UnmodelledActivity",
    "UnprotectedFigure",
    "UnprotectedFigureBreakdown",
    "Verdict",
    "Window",
    "Withdrawal",
)

_PLACES = {
    "Action": ".action",
    "Aim": ".aim",
    "Amount": ".amount",
    "Area": ".area",
    "AreaFamily": ".area_family",
    "AreaPage": ".area_page",
    "AuditEntry": ".audit_entry",
    "AuditEntrySubject": ".audit_entry_subject",
    "AuditPage": ".audit_page",
    "Availability": ".availability",
    "Basis": ".basis",
    "Cadence": ".cadence",
    "Calendar": ".calendar",
    "Category": ".category",
    "CategoryMappings": ".category_mappings",
    "CellChange": ".cell_change",
    "CellName": ".cell_name",
    "CellNameBreakdown": ".cell_name_breakdown",
    "CellValue": ".cell_value",
    "Change": ".change",
    "ChangeList": ".change_list",
    "ChangePage": ".change_page",
    "Clearance": ".clearance",
    "Collection": ".collection",
    "Column": ".column",
    "Comparator": ".comparator",
    "Comparison": ".comparison",
    "Completeness": ".completeness",
    "Confidence": ".confidence",
    "Contributor": ".contributor",
    "Counts": ".counts",
    "Coverage": ".coverage",
    "Decision": ".decision",
    "Dimension": ".dimension",
    "DimensionPage": ".dimension_page",
    "Direction": ".direction",
    "DisclosureClass": ".disclosure_class",
    "Disparity": ".disparity",
    "Document": ".document",
    "Effect": ".effect",
    "EffectScope": ".effect_scope",
    "EntryChange": ".entry_change",
    "EventKind": ".event_kind",
    "EvidenceEntry": ".evidence_entry",
    "Exemption": ".exemption",
    "Extension": ".extension",
    "ExtensionPage": ".extension_page",
    "FailedScope": ".failed_scope",
    "FailedScopeCode": ".failed_scope_code",
    "Family": ".family",
    "Feature": ".feature",
    "FeatureCollection": ".feature_collection",
    "FeatureCollectionType": ".feature_collection_type",
    "FeatureProperties": ".feature_properties",
    "FeatureType": ".feature_type",
    "Figure": ".figure",
    "FigureBreakdown": ".figure_breakdown",
    "FigureChange": ".figure_change",
    "FigureLimits": ".figure_limits",
    "Finding": ".finding",
    "Format": ".format_",
    "Formula": ".formula",
    "Gaps": ".gaps",
    "GeographyBasis": ".geography_basis",
    "Geometry": ".geometry",
    "GeometryType": ".geometry_type",
    "Grant": ".grant",
    "GroupFigure": ".group_figure",
    "Identifier": ".identifier",
    "Inequality": ".inequality",
    "InequalityProtection": ".inequality_protection",
    "IntervalMethod": ".interval_method",
    "ItemChange": ".item_change",
    "JsonStatCategory": ".json_stat_category",
    "JsonStatCategoryIndex": ".json_stat_category_index",
    "JsonStatCategoryLabel": ".json_stat_category_label",
    "JsonStatCategoryUnit": ".json_stat_category_unit",
    "JsonStatDataset": ".json_stat_dataset",
    "JsonStatDatasetClass": ".json_stat_dataset_class",
    "JsonStatDatasetDimension": ".json_stat_dataset_dimension",
    "JsonStatDatasetStatus": ".json_stat_dataset_status",
    "JsonStatDatasetVersion": ".json_stat_dataset_version",
    "JsonStatDimension": ".json_stat_dimension",
    "JsonStatExtension": ".json_stat_extension",
    "JsonStatExtensionCoverage": ".json_stat_extension_coverage",
    "JsonStatExtensionLower": ".json_stat_extension_lower",
    "JsonStatExtensionLowerBound": ".json_stat_extension_lower_bound",
    "JsonStatExtensionProtection": ".json_stat_extension_protection",
    "JsonStatExtensionReason": ".json_stat_extension_reason",
    "JsonStatExtensionUpper": ".json_stat_extension_upper",
    "JsonStatExtensionUpperBound": ".json_stat_extension_upper_bound",
    "JsonStatRole": ".json_stat_role",
    "JsonStatUnit": ".json_stat_unit",
    "Justification": ".justification",
    "Kind": ".kind",
    "Link": ".link",
    "LogicModel": ".logic_model",
    "LogicModelOutcomes": ".logic_model_outcomes",
    "LogicModelOutcomesProtection": ".logic_model_outcomes_protection",
    "Marker": ".marker",
    "Me": ".me",
    "Measure": ".measure",
    "MeasureAvailability": ".measure_availability",
    "MeasureLink": ".measure_link",
    "MeasurePage": ".measure_page",
    "MeasurePeriod": ".measure_period",
    "MeasureProgress": ".measure_progress",
    "MilestoneItem": ".milestone_item",
    "Movement": ".movement",
    "NewComment": ".new_comment",
    "NewExemption": ".new_exemption",
    "NewExtension": ".new_extension",
    "NewRelease": ".new_release",
    "NewReturn": ".new_return",
    "NewSubmission": ".new_submission",
    "NoTrend": ".no_trend",
    "Node": ".node",
    "NodeOutcomes": ".node_outcomes",
    "NotMoved": ".not_moved",
    "Obligation": ".obligation",
    "ObligationPage": ".obligation_page",
    "ObligationState": ".obligation_state",
    "Observation": ".observation",
    "ObservationBreakdown": ".observation_breakdown",
    "ObservationPage": ".observation_page",
    "Operation": ".operation",
    "Organisation": ".organisation",
    "OrganisationPage": ".organisation_page",
    "Outcomes": ".outcomes",
    "OutcomesLabels": ".outcomes_labels",
    "OutcomesLabelsAdditionalProperty": ".outcomes_labels_additional_property",
    "Overlap": ".overlap",
    "Period": ".period",
    "PeriodPage": ".period_page",
    "PeriodType": ".period_type",
    "PlanReference": ".plan_reference",
    "Policy": ".policy",
    "PolicyDecision": ".policy_decision",
    "Preview": ".preview",
    "PreviewLabels": ".preview_labels",
    "PreviewLabelsAdditionalProperty": ".preview_labels_additional_property",
    "PreviewProtection": ".preview_protection",
    "Problem": ".problem",
    "Programme": ".programme",
    "ProgrammePage": ".programme_page",
    "Progress": ".progress",
    "ProgressProtection": ".progress_protection",
    "Publication": ".publication",
    "PublicationList": ".publication_list",
    "PublicationState": ".publication_state",
    "PublishedFigure": ".published_figure",
    "PublishedFigureBreakdown": ".published_figure_breakdown",
    "PublishedSource": ".published_source",
    "Queried": ".queried",
    "Reason": ".reason",
    "Receipt": ".receipt",
    "Redaction": ".redaction",
    "RedactionPage": ".redaction_page",
    "Rehearsal": ".rehearsal",
    "Relation": ".relation",
    "Release": ".release",
    "ReleaseAudit": ".release_audit",
    "ReleaseAuditEntries": ".release_audit_entries",
    "ReleaseChange": ".release_change",
    "ReleaseChangeBreakdown": ".release_change_breakdown",
    "ReleaseChangeWhy": ".release_change_why",
    "ReleaseExplanations": ".release_explanations",
    "ReleaseList": ".release_list",
    "ReleaseReport": ".release_report",
    "ReleaseWithdrawal": ".release_withdrawal",
    "ReleasedEntry": ".released_entry",
    "ReleasedEntryList": ".released_entry_list",
    "ReleasedInequality": ".released_inequality",
    "ReleasedLogicModel": ".released_logic_model",
    "ReleasedMeasure": ".released_measure",
    "ReleasedProgress": ".released_progress",
    "ReleasedTheme": ".released_theme",
    "Report": ".report",
    "Resolved": ".resolved",
    "ReturnChange": ".return_change",
    "ReturnDetail": ".return_detail",
    "ReturnKind": ".return_kind",
    "ReturnPage": ".return_page",
    "ReturnReport": ".return_report",
    "ReturnSchema": ".return_schema",
    "ReturnSchemaAllOfItem": ".return_schema_all_of_item",
    "ReturnSchemaProperties": ".return_schema_properties",
    "Review": ".review",
    "ReviewState": ".review_state",
    "Reviewed": ".reviewed",
    "RevisionBasis": ".revision_basis",
    "RevisionPage": ".revision_page",
    "Role": ".role",
    "Rule": ".rule",
    "Scheme": ".scheme",
    "Scope": ".scope",
    "ScopeAudit": ".scope_audit",
    "ScopeReport": ".scope_report",
    "Series": ".series",
    "SeriesAvailability": ".series_availability",
    "Severity": ".severity",
    "Since": ".since",
    "Source": ".source",
    "StandingObservation": ".standing_observation",
    "StandingObservationBreakdown": ".standing_observation_breakdown",
    "StandingReturn": ".standing_return",
    "Status": ".status",
    "SubmissionOutcome": ".submission_outcome",
    "Target": ".target",
    "TargetVerdict": ".target_verdict",
    "Tendency": ".tendency",
    "Theme": ".theme",
    "ThemeProgress": ".theme_progress",
    "Timeliness": ".timeliness",
    "Trend": ".trend",
    "TrendMethod": ".trend_method",
    "UnmodelledActivity": ".unmodelled_activity",
    "UnprotectedFigure": ".unprotected_figure",
    "UnprotectedFigureBreakdown": ".unprotected_figure_breakdown",
    "Verdict": ".verdict",
    "Window": ".window",
    "Withdrawal": ".withdrawal",
}


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(import_module(_PLACES[name], __name__), name)
    globals()[name] = found
    return found

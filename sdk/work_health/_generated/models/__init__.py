"""The structs and codes of the contract. Each is imported on its first use, so that importing the package is quick."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .additional_rows import AdditionalRows
    from .aim import Aim
    from .amount import Amount
    from .area import Area
    from .area_family import AreaFamily
    from .area_page import AreaPage
    from .audit_entry import AuditEntry
    from .audit_entry_subject import AuditEntrySubject
    from .audit_page import AuditPage
    from .availability import Availability
    from .baseline import Baseline
    from .basis import Basis
    from .binding import Binding
    from .cadence import Cadence
    from .calendar import Calendar
    from .category import Category
    from .category_mappings import CategoryMappings
    from .cell_change import CellChange
    from .cell_counts import CellCounts
    from .cell_name import CellName
    from .cell_name_breakdown import CellNameBreakdown
    from .cell_value import CellValue
    from .change_method import ChangeMethod
    from .changed_cell import ChangedCell
    from .check_state import CheckState
    from .clearance import Clearance
    from .client_key import ClientKey
    from .client_key_list import ClientKeyList
    from .collection import Collection
    from .compact_row import CompactRow
    from .companion import Companion
    from .comparator import Comparator
    from .comparison_method import ComparisonMethod
    from .completeness import Completeness
    from .confidence import Confidence
    from .contributor import Contributor
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
    from .figure_change import FigureChange
    from .figure_fields import FigureFields
    from .figure_fields_breakdown import FigureFieldsBreakdown
    from .figure_limits import FigureLimits
    from .figure_point import FigurePoint
    from .finding import Finding
    from .formula import Formula
    from .geography_basis import GeographyBasis
    from .geometry import Geometry
    from .geometry_type import GeometryType
    from .grant import Grant
    from .group_figure import GroupFigure
    from .health import Health
    from .health_status import HealthStatus
    from .identifier import Identifier
    from .index_scale import IndexScale
    from .inequality_fields import InequalityFields
    from .interval_method import IntervalMethod
    from .issued_key import IssuedKey
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
    from .left_out_rows import LeftOutRows
    from .left_out_table import LeftOutTable
    from .left_out_table_reason import LeftOutTableReason
    from .link import Link
    from .logic_model import LogicModel
    from .logic_model_column import LogicModelColumn
    from .logic_model_gaps import LogicModelGaps
    from .longer_return import LongerReturn
    from .marker import Marker
    from .me import Me
    from .measure import Measure
    from .measure_audit import MeasureAudit
    from .measure_audit_changes import MeasureAuditChanges
    from .measure_availability import MeasureAvailability
    from .measure_fields import MeasureFields
    from .measure_kind import MeasureKind
    from .measure_link import MeasureLink
    from .measure_page import MeasurePage
    from .measure_progress import MeasureProgress
    from .measure_relation import MeasureRelation
    from .milestone_item import MilestoneItem
    from .missing_reason import MissingReason
    from .missing_return import MissingReturn
    from .movement import Movement
    from .movement_direction import MovementDirection
    from .movement_source import MovementSource
    from .movement_sources import MovementSources
    from .movement_start import MovementStart
    from .new_comment import NewComment
    from .new_exemption import NewExemption
    from .new_extension import NewExtension
    from .new_key import NewKey
    from .new_release import NewRelease
    from .new_return import NewReturn
    from .new_submission import NewSubmission
    from .next_return import NextReturn
    from .no_figure_reason import NoFigureReason
    from .no_movement_reason import NoMovementReason
    from .no_next_return_reason import NoNextReturnReason
    from .no_trend_reason import NoTrendReason
    from .node import Node
    from .node_outcomes import NodeOutcomes
    from .obligation import Obligation
    from .obligation_page import ObligationPage
    from .obligation_state import ObligationState
    from .observation import Observation
    from .observation_breakdown import ObservationBreakdown
    from .observation_page import ObservationPage
    from .operation import Operation
    from .organisation import Organisation
    from .organisation_page import OrganisationPage
    from .outcome_form import OutcomeForm
    from .outcome_format import OutcomeFormat
    from .outcomes import Outcomes
    from .outcomes_labels import OutcomesLabels
    from .outcomes_labels_additional_property import OutcomesLabelsAdditionalProperty
    from .overlap import Overlap
    from .per_population import PerPopulation
    from .period import Period
    from .period_coverage import PeriodCoverage
    from .period_page import PeriodPage
    from .period_type import PeriodType
    from .plan_reference import PlanReference
    from .population_used import PopulationUsed
    from .preview_figure import PreviewFigure
    from .preview_inequality import PreviewInequality
    from .preview_inequality_protection import PreviewInequalityProtection
    from .preview_logic_model import PreviewLogicModel
    from .preview_logic_model_protection import PreviewLogicModelProtection
    from .preview_outcomes import PreviewOutcomes
    from .preview_outcomes_labels import PreviewOutcomesLabels
    from .preview_outcomes_labels_additional_property import (
        PreviewOutcomesLabelsAdditionalProperty,
    )
    from .preview_outcomes_protection import PreviewOutcomesProtection
    from .preview_progress import PreviewProgress
    from .preview_progress_protection import PreviewProgressProtection
    from .problem import Problem
    from .programme import Programme
    from .programme_page import ProgrammePage
    from .publication_job import PublicationJob
    from .publication_job_list import PublicationJobList
    from .publication_job_state import PublicationJobState
    from .published_figure import PublishedFigure
    from .published_source import PublishedSource
    from .publisher_figure import PublisherFigure
    from .publisher_figure_breakdown import PublisherFigureBreakdown
    from .publisher_trend import PublisherTrend
    from .readiness import Readiness
    from .readiness_checks import ReadinessChecks
    from .readiness_status import ReadinessStatus
    from .reason import Reason
    from .receipt import Receipt
    from .redaction import Redaction
    from .redaction_page import RedactionPage
    from .rehearsal import Rehearsal
    from .release import Release
    from .release_audit import ReleaseAudit
    from .release_audit_entries import ReleaseAuditEntries
    from .release_change import ReleaseChange
    from .release_change_breakdown import ReleaseChangeBreakdown
    from .release_change_list import ReleaseChangeList
    from .release_change_list_reason import ReleaseChangeListReason
    from .release_change_why import ReleaseChangeWhy
    from .release_explanations import ReleaseExplanations
    from .release_list import ReleaseList
    from .release_list_reason import ReleaseListReason
    from .release_policy import ReleasePolicy
    from .release_report import ReleaseReport
    from .release_withdrawal import ReleaseWithdrawal
    from .released_cells import ReleasedCells
    from .released_entry import ReleasedEntry
    from .released_entry_list import ReleasedEntryList
    from .released_entry_list_reason import ReleasedEntryListReason
    from .released_inequality import ReleasedInequality
    from .released_logic_model import ReleasedLogicModel
    from .released_measure import ReleasedMeasure
    from .released_progress import ReleasedProgress
    from .released_theme import ReleasedTheme
    from .resolved_period import ResolvedPeriod
    from .return_action import ReturnAction
    from .return_cell import ReturnCell
    from .return_cell_breakdown import ReturnCellBreakdown
    from .return_detail import ReturnDetail
    from .return_event import ReturnEvent
    from .return_event_page import ReturnEventPage
    from .return_kind import ReturnKind
    from .return_page import ReturnPage
    from .return_report import ReturnReport
    from .return_revision import ReturnRevision
    from .return_schema import ReturnSchema
    from .return_schema_all_of_item import ReturnSchemaAllOfItem
    from .return_schema_properties import ReturnSchemaProperties
    from .review import Review
    from .review_query import ReviewQuery
    from .review_result import ReviewResult
    from .review_state import ReviewState
    from .revision_basis import RevisionBasis
    from .revision_diff import RevisionDiff
    from .revision_page import RevisionPage
    from .role import Role
    from .row_counts import RowCounts
    from .row_reason import RowReason
    from .row_role import RowRole
    from .scheme import Scheme
    from .scope import Scope
    from .scope_audit import ScopeAudit
    from .scope_report import ScopeReport
    from .series import Series
    from .series_availability import SeriesAvailability
    from .severity import Severity
    from .source import Source
    from .status import Status
    from .submission_outcome import SubmissionOutcome
    from .submission_report import SubmissionReport
    from .table_columns import TableColumns
    from .target import Target
    from .target_verdict import TargetVerdict
    from .tendency import Tendency
    from .theme import Theme
    from .theme_progress import ThemeProgress
    from .timeliness import Timeliness
    from .transformation import Transformation
    from .trend import Trend
    from .trend_method import TrendMethod
    from .trend_verdict import TrendVerdict
    from .unmodelled_activity import UnmodelledActivity
    from .verdict import Verdict
    from .window import Window
    from .withdrawal import Withdrawal

__all__ = (
    "AdditionalRows",
    "Aim",
    "Amount",
    "Area",
    "AreaFamily",
    "AreaPage",
    "AuditEntry",
    "AuditEntrySubject",
    "AuditPage",
    "Availability",
    "Baseline",
    "Basis",
    "Binding",
    "Cadence",
    "Calendar",
    "Category",
    "CategoryMappings",
    "CellChange",
    "CellCounts",
    "CellName",
    "CellNameBreakdown",
    "CellValue",
    "ChangedCell",
    "ChangeMethod",
    "CheckState",
    "Clearance",
    "ClientKey",
    "ClientKeyList",
    "Collection",
    "CompactRow",
    "Companion",
    "Comparator",
    "ComparisonMethod",
    "Completeness",
    "Confidence",
    "Contributor",
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
    "FigureChange",
    "FigureFields",
    "FigureFieldsBreakdown",
    "FigureLimits",
    "FigurePoint",
    "Finding",
    "Formula",
    "GeographyBasis",
    "Geometry",
    "GeometryType",
    "Grant",
    "GroupFigure",
    "Health",
    "HealthStatus",
    "Identifier",
    "IndexScale",
    "InequalityFields",
    "IntervalMethod",
    "IssuedKey",
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
    "LeftOutRows",
    "LeftOutTable",
    "LeftOutTableReason",
    "Link",
    "LogicModel",
    "LogicModelColumn",
    "LogicModelGaps",
    "LongerReturn",
    "Marker",
    "Me",
    "Measure",
    "MeasureAudit",
    "MeasureAuditChanges",
    "MeasureAvailability",
    "MeasureFields",
    "MeasureKind",
    "MeasureLink",
    "MeasurePage",
    "MeasureProgress",
    "MeasureRelation",
    "MilestoneItem",
    "MissingReason",
    "MissingReturn",
    "Movement",
    "MovementDirection",
    "MovementSource",
    "MovementSources",
    "MovementStart",
    "NewComment",
    "NewExemption",
    "NewExtension",
    "NewKey",
    "NewRelease",
    "NewReturn",
    "NewSubmission",
    "NextReturn",
    "Node",
    "NodeOutcomes",
    "NoFigureReason",
    "NoMovementReason",
    "NoNextReturnReason",
    "NoTrendReason",
    "Obligation",
    "ObligationPage",
    "ObligationState",
    "Observation",
    "ObservationBreakdown",
    "ObservationPage",
    "Operation",
    "Organisation",
    "OrganisationPage",
    "OutcomeForm",
    "OutcomeFormat",
    "Outcomes",
    "OutcomesLabels",
    "OutcomesLabelsAdditionalProperty",
    "Overlap",
    "Period",
    "PeriodCoverage",
    "PeriodPage",
    "PeriodType",
    "PerPopulation",
    "PlanReference",
    "PopulationUsed",
    "PreviewFigure",
    "PreviewInequality",
    "PreviewInequalityProtection",
    "PreviewLogicModel",
    "PreviewLogicModelProtection",
    "PreviewOutcomes",
    "PreviewOutcomesLabels",
    "PreviewOutcomesLabelsAdditionalProperty",
    "PreviewOutcomesProtection",
    "PreviewProgress",
    "PreviewProgressProtection",
    "Problem",
    "Programme",
    "ProgrammePage",
    "PublicationJob",
    "PublicationJobList",
    "PublicationJobState",
    "PublishedFigure",
    "PublishedSource",
    "PublisherFigure",
    "PublisherFigureBreakdown",
    "PublisherTrend",
    "Readiness",
    "ReadinessChecks",
    "ReadinessStatus",
    "Reason",
    "Receipt",
    "Redaction",
    "RedactionPage",
    "Rehearsal",
    "Release",
    "ReleaseAudit",
    "ReleaseAuditEntries",
    "ReleaseChange",
    "ReleaseChangeBreakdown",
    "ReleaseChangeList",
    "ReleaseChangeListReason",
    "ReleaseChangeWhy",
    "ReleasedCells",
    "ReleasedEntry",
    "ReleasedEntryList",
    "ReleasedEntryListReason",
    "ReleasedInequality",
    "ReleasedLogicModel",
    "ReleasedMeasure",
    "ReleasedProgress",
    "ReleasedTheme",
    "ReleaseExplanations",
    "ReleaseList",
    "ReleaseListReason",
    "ReleasePolicy",
    "ReleaseReport",
    "ReleaseWithdrawal",
    "ResolvedPeriod",
    "ReturnAction",
    "ReturnCell",
    "ReturnCellBreakdown",
    "ReturnDetail",
    "ReturnEvent",
    "ReturnEventPage",
    "ReturnKind",
    "ReturnPage",
    "ReturnReport",
    "ReturnRevision",
    "ReturnSchema",
    "ReturnSchemaAllOfItem",
    "ReturnSchemaProperties",
    "Review",
    "ReviewQuery",
    "ReviewResult",
    "ReviewState",
    "RevisionBasis",
    "RevisionDiff",
    "RevisionPage",
    "Role",
    "RowCounts",
    "RowReason",
    "RowRole",
    "Scheme",
    "Scope",
    "ScopeAudit",
    "ScopeReport",
    "Series",
    "SeriesAvailability",
    "Severity",
    "Source",
    "Status",
    "SubmissionOutcome",
    "SubmissionReport",
    "TableColumns",
    "Target",
    "TargetVerdict",
    "Tendency",
    "Theme",
    "ThemeProgress",
    "Timeliness",
    "Transformation",
    "Trend",
    "TrendMethod",
    "TrendVerdict",
    "UnmodelledActivity",
    "Verdict",
    "Window",
    "Withdrawal",
)

_MODULES = {
    "AdditionalRows": ".additional_rows",
    "Aim": ".aim",
    "Amount": ".amount",
    "Area": ".area",
    "AreaFamily": ".area_family",
    "AreaPage": ".area_page",
    "AuditEntry": ".audit_entry",
    "AuditEntrySubject": ".audit_entry_subject",
    "AuditPage": ".audit_page",
    "Availability": ".availability",
    "Baseline": ".baseline",
    "Basis": ".basis",
    "Binding": ".binding",
    "Cadence": ".cadence",
    "Calendar": ".calendar",
    "Category": ".category",
    "CategoryMappings": ".category_mappings",
    "CellChange": ".cell_change",
    "CellCounts": ".cell_counts",
    "CellName": ".cell_name",
    "CellNameBreakdown": ".cell_name_breakdown",
    "CellValue": ".cell_value",
    "ChangeMethod": ".change_method",
    "ChangedCell": ".changed_cell",
    "CheckState": ".check_state",
    "Clearance": ".clearance",
    "ClientKey": ".client_key",
    "ClientKeyList": ".client_key_list",
    "Collection": ".collection",
    "CompactRow": ".compact_row",
    "Companion": ".companion",
    "Comparator": ".comparator",
    "ComparisonMethod": ".comparison_method",
    "Completeness": ".completeness",
    "Confidence": ".confidence",
    "Contributor": ".contributor",
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
    "FigureChange": ".figure_change",
    "FigureFields": ".figure_fields",
    "FigureFieldsBreakdown": ".figure_fields_breakdown",
    "FigureLimits": ".figure_limits",
    "FigurePoint": ".figure_point",
    "Finding": ".finding",
    "Formula": ".formula",
    "GeographyBasis": ".geography_basis",
    "Geometry": ".geometry",
    "GeometryType": ".geometry_type",
    "Grant": ".grant",
    "GroupFigure": ".group_figure",
    "Health": ".health",
    "HealthStatus": ".health_status",
    "Identifier": ".identifier",
    "IndexScale": ".index_scale",
    "InequalityFields": ".inequality_fields",
    "IntervalMethod": ".interval_method",
    "IssuedKey": ".issued_key",
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
    "LeftOutRows": ".left_out_rows",
    "LeftOutTable": ".left_out_table",
    "LeftOutTableReason": ".left_out_table_reason",
    "Link": ".link",
    "LogicModel": ".logic_model",
    "LogicModelColumn": ".logic_model_column",
    "LogicModelGaps": ".logic_model_gaps",
    "LongerReturn": ".longer_return",
    "Marker": ".marker",
    "Me": ".me",
    "Measure": ".measure",
    "MeasureAudit": ".measure_audit",
    "MeasureAuditChanges": ".measure_audit_changes",
    "MeasureAvailability": ".measure_availability",
    "MeasureFields": ".measure_fields",
    "MeasureKind": ".measure_kind",
    "MeasureLink": ".measure_link",
    "MeasurePage": ".measure_page",
    "MeasureProgress": ".measure_progress",
    "MeasureRelation": ".measure_relation",
    "MilestoneItem": ".milestone_item",
    "MissingReason": ".missing_reason",
    "MissingReturn": ".missing_return",
    "Movement": ".movement",
    "MovementDirection": ".movement_direction",
    "MovementSource": ".movement_source",
    "MovementSources": ".movement_sources",
    "MovementStart": ".movement_start",
    "NewComment": ".new_comment",
    "NewExemption": ".new_exemption",
    "NewExtension": ".new_extension",
    "NewKey": ".new_key",
    "NewRelease": ".new_release",
    "NewReturn": ".new_return",
    "NewSubmission": ".new_submission",
    "NextReturn": ".next_return",
    "NoFigureReason": ".no_figure_reason",
    "NoMovementReason": ".no_movement_reason",
    "NoNextReturnReason": ".no_next_return_reason",
    "NoTrendReason": ".no_trend_reason",
    "Node": ".node",
    "NodeOutcomes": ".node_outcomes",
    "Obligation": ".obligation",
    "ObligationPage": ".obligation_page",
    "ObligationState": ".obligation_state",
    "Observation": ".observation",
    "ObservationBreakdown": ".observation_breakdown",
    "ObservationPage": ".observation_page",
    "Operation": ".operation",
    "Organisation": ".organisation",
    "OrganisationPage": ".organisation_page",
    "OutcomeForm": ".outcome_form",
    "OutcomeFormat": ".outcome_format",
    "Outcomes": ".outcomes",
    "OutcomesLabels": ".outcomes_labels",
    "OutcomesLabelsAdditionalProperty": ".outcomes_labels_additional_property",
    "Overlap": ".overlap",
    "PerPopulation": ".per_population",
    "Period": ".period",
    "PeriodCoverage": ".period_coverage",
    "PeriodPage": ".period_page",
    "PeriodType": ".period_type",
    "PlanReference": ".plan_reference",
    "PopulationUsed": ".population_used",
    "PreviewFigure": ".preview_figure",
    "PreviewInequality": ".preview_inequality",
    "PreviewInequalityProtection": ".preview_inequality_protection",
    "PreviewLogicModel": ".preview_logic_model",
    "PreviewLogicModelProtection": ".preview_logic_model_protection",
    "PreviewOutcomes": ".preview_outcomes",
    "PreviewOutcomesLabels": ".preview_outcomes_labels",
    "PreviewOutcomesLabelsAdditionalProperty": ".preview_outcomes_labels_additional_property",
    "PreviewOutcomesProtection": ".preview_outcomes_protection",
    "PreviewProgress": ".preview_progress",
    "PreviewProgressProtection": ".preview_progress_protection",
    "Problem": ".problem",
    "Programme": ".programme",
    "ProgrammePage": ".programme_page",
    "PublicationJob": ".publication_job",
    "PublicationJobList": ".publication_job_list",
    "PublicationJobState": ".publication_job_state",
    "PublishedFigure": ".published_figure",
    "PublishedSource": ".published_source",
    "PublisherFigure": ".publisher_figure",
    "PublisherFigureBreakdown": ".publisher_figure_breakdown",
    "PublisherTrend": ".publisher_trend",
    "Readiness": ".readiness",
    "ReadinessChecks": ".readiness_checks",
    "ReadinessStatus": ".readiness_status",
    "Reason": ".reason",
    "Receipt": ".receipt",
    "Redaction": ".redaction",
    "RedactionPage": ".redaction_page",
    "Rehearsal": ".rehearsal",
    "Release": ".release",
    "ReleaseAudit": ".release_audit",
    "ReleaseAuditEntries": ".release_audit_entries",
    "ReleaseChange": ".release_change",
    "ReleaseChangeBreakdown": ".release_change_breakdown",
    "ReleaseChangeList": ".release_change_list",
    "ReleaseChangeListReason": ".release_change_list_reason",
    "ReleaseChangeWhy": ".release_change_why",
    "ReleaseExplanations": ".release_explanations",
    "ReleaseList": ".release_list",
    "ReleaseListReason": ".release_list_reason",
    "ReleasePolicy": ".release_policy",
    "ReleaseReport": ".release_report",
    "ReleaseWithdrawal": ".release_withdrawal",
    "ReleasedCells": ".released_cells",
    "ReleasedEntry": ".released_entry",
    "ReleasedEntryList": ".released_entry_list",
    "ReleasedEntryListReason": ".released_entry_list_reason",
    "ReleasedInequality": ".released_inequality",
    "ReleasedLogicModel": ".released_logic_model",
    "ReleasedMeasure": ".released_measure",
    "ReleasedProgress": ".released_progress",
    "ReleasedTheme": ".released_theme",
    "ResolvedPeriod": ".resolved_period",
    "ReturnAction": ".return_action",
    "ReturnCell": ".return_cell",
    "ReturnCellBreakdown": ".return_cell_breakdown",
    "ReturnDetail": ".return_detail",
    "ReturnEvent": ".return_event",
    "ReturnEventPage": ".return_event_page",
    "ReturnKind": ".return_kind",
    "ReturnPage": ".return_page",
    "ReturnReport": ".return_report",
    "ReturnRevision": ".return_revision",
    "ReturnSchema": ".return_schema",
    "ReturnSchemaAllOfItem": ".return_schema_all_of_item",
    "ReturnSchemaProperties": ".return_schema_properties",
    "Review": ".review",
    "ReviewQuery": ".review_query",
    "ReviewResult": ".review_result",
    "ReviewState": ".review_state",
    "RevisionBasis": ".revision_basis",
    "RevisionDiff": ".revision_diff",
    "RevisionPage": ".revision_page",
    "Role": ".role",
    "RowCounts": ".row_counts",
    "RowReason": ".row_reason",
    "RowRole": ".row_role",
    "Scheme": ".scheme",
    "Scope": ".scope",
    "ScopeAudit": ".scope_audit",
    "ScopeReport": ".scope_report",
    "Series": ".series",
    "SeriesAvailability": ".series_availability",
    "Severity": ".severity",
    "Source": ".source",
    "Status": ".status",
    "SubmissionOutcome": ".submission_outcome",
    "SubmissionReport": ".submission_report",
    "TableColumns": ".table_columns",
    "Target": ".target",
    "TargetVerdict": ".target_verdict",
    "Tendency": ".tendency",
    "Theme": ".theme",
    "ThemeProgress": ".theme_progress",
    "Timeliness": ".timeliness",
    "Transformation": ".transformation",
    "Trend": ".trend",
    "TrendMethod": ".trend_method",
    "TrendVerdict": ".trend_verdict",
    "UnmodelledActivity": ".unmodelled_activity",
    "Verdict": ".verdict",
    "Window": ".window",
    "Withdrawal": ".withdrawal",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(_MODULES[name], __name__), name)
    globals()[name] = value
    return value

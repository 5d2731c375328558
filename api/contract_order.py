"""The order in which a reader of the contract meets the operations: by tag, and then as they are used."""

ORDER_OF_USE: dict[str, tuple[str, ...]] = {
    "Plan": (
        *("list_programmes", "get_programme", "list_measures", "get_measure", "get_logic_model"),
        *("get_logic_model_gaps", "list_organisations", "list_areas", "list_areas_csv", "list_dimensions"),
        *("list_periods", "get_period"),
    ),
    "Partners": ("get_me", "list_keys", "create_key", "revoke_key"),
    "Submissions": (
        *("create_submission_csv", "create_submission", "create_submission_ndjson", "get_submission"),
        "withdraw_return",
    ),
    "Returns": (
        *("get_template", "get_template_workbook", "get_template_schema", "list_returns", "get_return"),
        *("list_revisions", "compare_revisions", "list_observations", "list_return_changes"),
    ),
    "Reviews": (
        *("list_obligations", "get_review", "approve_return", "raise_query", "comment_on_return", "reopen_return"),
        *("clear_entries_for_release", "grant_extension", "list_extensions", "decide_exemption"),
        *("propose_redaction", "list_redactions", "confirm_redaction", "list_audit_entries"),
    ),
    "Outcomes": (
        *("get_outcomes_availability", "list_outcomes", "list_outcomes_csv", "list_outcomes_json_stat"),
        *("list_outcomes_sdmx_csv", "get_sdmx_structure", "list_outcomes_geojson", "get_progress"),
        "get_logic_model_outcomes",
        *("get_inequality", "preview_outcomes", "preview_outcomes_csv", "preview_outcomes_json_stat"),
        *("preview_outcomes_sdmx_csv", "preview_outcomes_geojson", "preview_progress", "preview_logic_model"),
        "preview_inequality",
    ),
    "Releases": (
        *("list_releases", "get_release", "list_release_changes", "list_release_entries", "create_release"),
        *("list_publications", "get_publication", "cancel_publication", "repeat_publication", "withdraw_release"),
    ),
    "Health": ("get_health", "get_readiness"),
}
PLACES = {name: place for place, name in enumerate(name for names in ORDER_OF_USE.values() for name in names)}


def find_place(item: dict[str, dict[str, str]]) -> int:
    """Return the place of a path: that of its first operation. One without a place comes last, and fails a test."""
    return min(PLACES.get(operation["operationId"], len(PLACES)) for operation in item.values())

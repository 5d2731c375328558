"""Settings with which a server in production does not start."""

import pytest

from api.settings import InvalidSetting, check_listening, read_settings, require_database_url

DATABASE = {"DATABASE_URL": "postgresql://work_health_app@db/work_health"}


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        (DATABASE | {"WORK_HEALTH_HOST": "0.0.0.0"}, "WORK_HEALTH_HOST"),  # noqa: S104
        (DATABASE | {"WORK_HEALTH_HOST": "::"}, "WORK_HEALTH_HOST"),
        (DATABASE | {"WORK_HEALTH_HOST": "10.0.0.1", "WORK_HEALTH_PROXIES": " "}, "WORK_HEALTH_HOST"),
    ],
)
def test_unsafe_settings_are_refused(environment: dict[str, str], named: str) -> None:
    with pytest.raises(InvalidSetting, match=f"^{named}:"):
        check_listening(read_settings(environment))


@pytest.mark.parametrize(
    "environment",
    [
        DATABASE,
        DATABASE | {"WORK_HEALTH_HOST": "::1"},
        DATABASE | {"WORK_HEALTH_HOST": "0.0.0.0", "WORK_HEALTH_PROXIES": "10.0.0.2"},  # noqa: S104
    ],
)
def test_safe_settings_are_accepted(environment: dict[str, str]) -> None:
    check_listening(read_settings(environment))


def test_database_is_required():
    with pytest.raises(InvalidSetting, match="^DATABASE_URL:"):
        require_database_url(read_settings({}))
    assert require_database_url(read_settings(DATABASE)) == DATABASE["DATABASE_URL"]

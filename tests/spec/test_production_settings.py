"""Settings with which a server in production does not start."""

from pathlib import Path

import pytest

from api.serving import keep_session_secret
from api.settings import InvalidSetting, check_listening, read_settings, require_database_url

DATABASE = {"DATABASE_URL": "postgresql://work_health_app@db/work_health"}


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        (DATABASE | {"WORK_HEALTH_HOST": "0.0.0.0"}, "WORK_HEALTH_HOST"),  # noqa: S104
        (DATABASE | {"WORK_HEALTH_HOST": "::"}, "WORK_HEALTH_HOST"),
        (DATABASE | {"WORK_HEALTH_HOST": "10.0.0.1", "WORK_HEALTH_PROXIES": " "}, "WORK_HEALTH_HOST"),
        (DATABASE | {"WORK_HEALTH_PROXIES": "localhost"}, "WORK_HEALTH_PROXIES"),
        (DATABASE | {"WORK_HEALTH_METRICS_NETWORKS": "localhost"}, "WORK_HEALTH_METRICS_NETWORKS"),
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


@pytest.mark.parametrize(
    "secret", ["x", "secret" * 10, "A" * 43 + "=", "é" * 44, "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI="]
)
def test_session_secret_that_somebody_could_guess_is_refused(secret: str) -> None:
    with pytest.raises(InvalidSetting, match="^WORK_HEALTH_SESSION_SECRET:"):
        _ = read_settings(DATABASE | {"WORK_HEALTH_SESSION_SECRET": secret}).session_secret


def test_session_secret_is_optional_and_created_once_for_the_embedded_database(tmp_path: Path) -> None:
    assert read_settings(DATABASE).session_secret is None
    secret = keep_session_secret(tmp_path / "pg16")
    assert keep_session_secret(tmp_path / "pg16") == secret != keep_session_secret(tmp_path / "other")
    [file] = tmp_path.glob("pg16*")
    assert file.stat().st_mode & 0o777 == 0o600
    assert len(read_settings({"WORK_HEALTH_SESSION_SECRET": secret}).session_secret or b"") == 32

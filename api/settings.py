"""The operator's settings, read once from the environment."""

import os
from base64 import b64decode
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

SESSION_SECRET_BYTES = 32
MIN_DIFFERENT_BYTES = 16  # 32 random bytes have fewer once in 10^10 times
LOOPBACK_HOSTS = ("127.0.0.1", "::1", "localhost")


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Each field is the environment variable of the same name in capitals. docs/reference/settings.md lists them."""

    database_url: Annotated[
        str | None,
        Meta(
            description="The libpq URL of PostgreSQL 16 or later, with the application's login. Without it, the server "
            "uses the embedded database."
        ),
    ] = None
    database_owner_url: Annotated[
        str | None,
        Meta(description="The same database with its owner's login, for `run`, `migrate` and the operator's commands."),
    ] = None
    database_public_url: Annotated[
        str | None, Meta(description="The same database with the login for reads without a key.")
    ] = None
    database_publisher_url: Annotated[
        str | None, Meta(description="The same database with the login of the worker that makes releases.")
    ] = None
    database_replica_url: Annotated[
        str | None,
        Meta(
            description="A replica of the database, with the login for reads without a key. Figures of releases are "
            "read from it."
        ),
    ] = None
    work_health_data: Annotated[
        Path | None, Meta(description="The folder of the embedded database. By default it is in the user's home.")
    ] = None
    work_health_plan: Annotated[
        Path | None,
        Meta(
            description="The plan file that `run` loads if the database does not have its programme. Without it, `run` "
            "loads the bundled plan into a database without programmes."
        ),
    ] = None
    work_health_host: Annotated[str, Meta(description="The address to listen on.")] = "127.0.0.1"
    work_health_port: Annotated[int, Meta(ge=1, le=65535, description="The port to listen on.")] = 8000
    work_health_workers: Annotated[int, Meta(ge=1, le=64, description="Server processes.")] = 1
    work_health_audits: Annotated[
        int, Meta(ge=1, le=64, description="Processes in which the worker audits a release.")
    ] = 2
    work_health_key: Annotated[str | None, Meta(description="The key with which `fetch` submits.")] = None
    work_health_proxies: Annotated[
        str | None,
        Meta(
            description="Addresses or networks of proxies, separated by commas. Their `X-Forwarded-For` and "
            "`X-Forwarded-Proto` are believed."
        ),
    ] = None
    work_health_metrics_networks: Annotated[
        str | None,
        Meta(
            description="Addresses or networks, separated by commas, that may read `/metrics`. For all others it does "
            "not exist."
        ),
    ] = None
    work_health_key_rate: Annotated[int, Meta(ge=1, description="Requests of a key in a minute.")] = 12_000
    work_health_address_rate: Annotated[
        int, Meta(ge=1, description="Requests of an address in a minute without a key.")
    ] = 12_000
    work_health_wrong_keys: Annotated[int, Meta(ge=1, description="Wrong keys from an address in a minute.")] = 60
    work_health_session_secret: Annotated[
        str | None,
        Meta(
            description="32 random bytes in base64, the same for all server processes: `openssl rand -base64 32`. "
            "Without it, nobody can sign in to the pages of returns."
        ),
    ] = None
    work_health_watchdog: Annotated[
        bool, Meta(description="Whether a server process logs what occupies its event loop for 100 ms.")
    ] = False
    work_health_drain: Annotated[
        int, Meta(ge=1, description="Seconds in which a server that stops finishes the requests in progress.")
    ] = 30
    work_health_database_wait: Annotated[
        int, Meta(ge=0, description="Seconds for which server and worker wait at start for PostgreSQL.")
    ] = 60
    work_health_pool: Annotated[int, Meta(ge=1, le=100, description="Database connections of each server process.")] = 8
    work_health_log: Annotated[
        Literal["json", "text"] | None,
        Meta(description="How the log is written. By default as text at a terminal, otherwise as JSON lines."),
    ] = None
    work_health_log_level: Annotated[
        Literal["debug", "info", "warning", "error"],
        Meta(description="The least level of the log. The line of each request has the level `info`."),
    ] = "info"

    @property
    def owner_url(self) -> str | None:
        return self.database_owner_url or self.database_url

    @property
    def proxies(self) -> list[IPv4Network | IPv6Network]:
        """The networks of `work_health_proxies`. Raises InvalidSetting."""
        return _read_networks("WORK_HEALTH_PROXIES", self.work_health_proxies)

    @property
    def metrics_networks(self) -> list[IPv4Network | IPv6Network]:
        """The networks of `work_health_metrics_networks`. Raises InvalidSetting."""
        return _read_networks("WORK_HEALTH_METRICS_NETWORKS", self.work_health_metrics_networks)

    @property
    def session_secret(self) -> bytes | None:
        """The bytes of `work_health_session_secret`. Raises InvalidSetting if it is not 32 random bytes."""
        if self.work_health_session_secret is None:
            return None
        try:
            secret = b64decode(self.work_health_session_secret, validate=True)
        except ValueError:
            secret = b""
        if len(secret) != SESSION_SECRET_BYTES or len(set(secret)) < MIN_DIFFERENT_BYTES:
            raise InvalidSetting(
                "WORK_HEALTH_SESSION_SECRET: not 32 random bytes in base64; make it with `openssl rand -base64 32`"
            )
        return secret


def require_database_url(settings: Settings) -> str:
    """Return the URL of the database, which only `run` may lack. Raises InvalidSetting."""
    if settings.database_url is None:
        raise InvalidSetting("DATABASE_URL: needed here; `python -m api run` works for the embedded database")
    return settings.database_url


def check_listening(settings: Settings) -> None:
    """Raise InvalidSetting if other machines could send keys without TLS, or a network of the settings is none."""
    host, _ = settings.work_health_host, settings.metrics_networks
    if not settings.proxies and host not in LOOPBACK_HOSTS:
        raise InvalidSetting(
            f"WORK_HEALTH_HOST: {host} lets other machines send keys without TLS. Name the proxy that does TLS in "
            "WORK_HEALTH_PROXIES, or listen on 127.0.0.1"
        )


class InvalidSetting(Exception):  # noqa: N818  the operator reads the message
    """An environment variable is invalid."""


class PortUnavailable(InvalidSetting):
    """Another process listens on the port, perhaps one that is ending."""


def _read_networks(name: str, text: str | None) -> list[IPv4Network | IPv6Network]:
    try:
        return [ip_network(part.strip()) for part in (text or "").split(",") if part.strip()]
    except ValueError as error:
        raise InvalidSetting(f"{name}: {error}") from error


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings. Raises InvalidSetting with the name of the variable."""
    values = {
        name: environment[name.upper()] for name in Settings.__struct_fields__ if environment.get(name.upper(), "")
    }
    try:
        return msgspec.convert(values, Settings, strict=False, dec_hook=lambda kind, value: kind(value))
    except msgspec.ValidationError as error:
        name = str(error).rpartition("$.")[2].rstrip("`").upper()
        raise InvalidSetting(f"{name}: {str(error).partition(' - at')[0]}") from error

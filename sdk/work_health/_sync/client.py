"""Generated from _async/client.py by tools/unasync.py; do not edit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from work_health._calls import build_raw_call
from work_health._generated.api.health import Health
from work_health._generated.api.outcomes import Outcomes
from work_health._generated.api.partners import Partners
from work_health._generated.api.plan import Plan
from work_health._generated.api.releases import Releases
from work_health._generated.api.returns import Returns
from work_health._generated.api.reviews import Reviews
from work_health._generated.api.submissions import Submissions
from work_health._http import httpx
from work_health._settings import Settings, build_ssl_context

from .list_methods import ListMethods
from .outcome_methods import OutcomeMethods
from .submit_methods import SubmitMethods

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from types import TracebackType

    from work_health._calls import Content, Parameter


class WorkHealth(
    SubmitMethods,
    OutcomeMethods,
    ListMethods,
    Health,
    Plan,
    Partners,
    Submissions,
    Returns,
    Reviews,
    Outcomes,
    Releases,
):
    """The API, with one method for each operation. A method returns its result or raises a `WorkHealthError`.

    >>> from work_health import WorkHealth
    >>> with WorkHealth() as client:
    ...     period = client.get_period("FY2025-26-Q3")
    ...     print(period.label)
    Q3 2025/26 (Oct to Dec 2025)

    Args:
        key: The key. Default: WORK_HEALTH_KEY, or the key of the profile. Reading the plan and releases needs no key.
        base_url: The address of the server. Default: WORK_HEALTH_URL, the profile's, or http://127.0.0.1:8000.
        programme: The slug of the programme that `submit`, `outcomes` and `plan` use. Default: WORK_HEALTH_PROGRAMME,
            the profile's, or the only programme that the key opens.
        profile: The name of a server with its key that `work-health profile save` stored. It comes before the
            environment variables. Default: WORK_HEALTH_PROFILE, or the profile named `default`, which come after them.
            The key of a profile goes only to the server of that profile.
        timeout: Seconds to wait for a response. Connecting may take 5 of them.
        max_retries: The number of repetitions after a temporary failure: no connection, 408, 429 or 5xx. Pauses grow
            from half a second to 8 seconds, shortened at random. The client respects `Retry-After` up to 60 seconds.
            Default: 9 if the server or its database cannot be reached (502, 503 and 504 included), which lasts for
            at least 35 seconds, and 2 after other failures.
            It repeats reads and requests with an Idempotency-Key, which every submission has. It repeats other writes
            only if the connection was never made.
        proxy: `http://user:password@host:port`. Default: HTTPS_PROXY and the similar variables.
        certificates: A PEM file or folder of authorities to trust as well as the system's, or an `ssl.SSLContext`.
            Certificates are always verified.
        allow_http: Send the key to another machine over plain http as well. Default: True if WORK_HEALTH_ALLOW_HTTP is
            1. Without it, the client sends the key only over https, or to this machine.
        http: An HTTP client of your own, instead of `proxy` and `certificates`. You close it.
    """

    def __init__(
        self,
        key: str | None = None,
        *,
        base_url: str | None = None,
        programme: str | None = None,
        profile: str | None = None,
        timeout: float = 30.0,
        max_retries: int | None = None,
        proxy: str | None = None,
        certificates: str | Path | ssl.SSLContext | None = None,
        allow_http: bool | None = None,
        http: httpx.Client | None = None,
    ) -> None:
        self._settings = Settings.create(key, base_url, timeout, max_retries, programme, allow_http, profile)
        if http is not None and (proxy or certificates):
            raise ValueError("Configure proxy and certificates on the client that you pass as http")
        self._http = http or httpx.Client(proxy=proxy or None, verify=build_ssl_context(certificates))
        self._owns_http = http is None

    def with_options(
        self,
        *,
        key: str | None = None,
        programme: str | None = None,
        timeout: float | None = None,
        max_retries: int | None = None,
        on_response: Callable[[httpx.Response], object] | None = None,
    ) -> Self:
        """Return a client with other options over the same connections. Close the original, not this one.

        The client calls `on_response` with each raw response, before it reads the status, the headers and the body.

        >>> responses = []
        >>> me = client.with_options(timeout=60, on_response=responses.append).get_me()
        >>> responses[0].status_code, responses[0].headers["Request-Id"][:4]
        (200, 'req_')
        """
        client = self.__class__.__new__(self.__class__)
        client._settings = self._settings.replace(
            key=key, programme=programme, timeout=timeout, max_retries=max_retries, on_response=on_response
        )
        client._http, client._owns_http = self._http, False
        return client

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Parameter] | None = None,
        json: object = None,
        content: Content | None = None,
        content_type: str | None = None,
        idempotency_key: str | None = None,
    ) -> httpx.Response:
        """Send any request, with the key, retries and errors of the other methods. Return the raw response.

        >>> response = client.request("GET", "/v1/me")
        >>> response.json()["client"]
        'Sandbox'
        """
        return self._send(build_raw_call(method, path, query, json, content, content_type, idempotency_key))

    def close(self) -> None:
        """Close the connections. Leaving an `with` block does it too."""
        if self._owns_http:
            self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"WorkHealth(base_url={self._settings.url!r})"

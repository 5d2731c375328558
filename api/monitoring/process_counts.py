"""Count the requests of a process in plain Python: a metric of the Prometheus client costs several microseconds.

Once a second, api/monitoring/metrics.py adds the counts to the metrics.
"""

from bisect import bisect_left
from collections import Counter

from msgspec import Struct

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
"""Names the folder with a file for each process. The Prometheus client reads it when it is imported."""
LATENCY_BOUNDS_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0)
KNOWN_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER_METHOD = "OTHER"
"""Instead of a method that nobody knows: anybody can invent methods."""
RequestKind = tuple[str, str, int]
"""Method, template of the route, and status."""


class RequestCounts(Struct):
    """Requests of one kind since the last transfer, by the first bound that their seconds did not exceed."""

    by_bound: list[int]
    seconds: float = 0.0


class ProcessCounts:
    """Counts of one process. Nothing in them names a caller."""

    def __init__(self) -> None:
        self.requests: dict[RequestKind, RequestCounts] = {}
        self.refusals: Counter[tuple[str, int]] = Counter()
        """By the code of the problem and the status."""
        self.submissions: Counter[tuple[str, bool]] = Counter()
        """By outcome, and whether it was a dry run."""

    def count_request(self, kind: RequestKind, seconds: float) -> None:
        counts = self.requests.get(kind)
        if counts is None:
            counts = self._open_counts(kind)
        counts.by_bound[bisect_left(LATENCY_BOUNDS_SECONDS, seconds)] += 1
        counts.seconds += seconds

    def _open_counts(self, kind: RequestKind) -> RequestCounts:
        method, route, status = kind
        if method not in KNOWN_METHODS:
            kind = (OTHER_METHOD, route, status)
        return self.requests.setdefault(kind, RequestCounts([0] * (len(LATENCY_BOUNDS_SECONDS) + 1)))

    def take_requests(self) -> dict[RequestKind, RequestCounts]:
        """Return the counts since the last call, and begin again."""
        taken, self.requests = self.requests, {}
        return taken

    def take_refusals(self) -> Counter[tuple[str, int]]:
        taken, self.refusals = self.refusals, Counter()
        return taken

    def take_submissions(self) -> Counter[tuple[str, bool]]:
        taken, self.submissions = self.submissions, Counter()
        return taken

"""Run the benchmarks: `make bench` takes some six minutes; `make bench-long` adds ten million observations.

The database and the server processes run on this machine, as `make run` starts them. Names of parts (`csv`, `ingest`, `peers`,
`small`, `releases`, `scaling`) run only those parts and write no results. `utility` runs only if it is named.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

from api.database.embedded import EmbeddedPostgres
from benchmarks import (
    csv_readers,
    ingest,
    peer_comparison,
    release_reads,
    releases,
    report,
    scaling,
    small_submissions,
    source_protection,
)

BENCHMARK_NAMES = ("csv", "ingest", "peers", "small", "releases", "scaling")


def main() -> None:
    if "utility" in sys.argv[1:]:
        print(report.format_table(source_protection.measure()))
        return
    chosen = [word for word in sys.argv[1:] if word in BENCHMARK_NAMES] or list(BENCHMARK_NAMES)
    load = os.getloadavg()[0]
    figures: list[report.Measurement] = []
    profile = verdicts = ""
    started = time.perf_counter()
    for part in chosen:
        with tempfile.TemporaryDirectory(prefix="benchmark-") as name:
            folder = Path(name)
            folder.chmod(0o755)
            with EmbeddedPostgres(folder / "data") as embedded:
                if part == "csv":
                    readers, verdicts = csv_readers.measure(folder)
                    figures += readers
                elif part == "ingest":
                    figures += ingest.measure(embedded.dsn, folder)
                    profile = ingest.profile(embedded.dsn, folder)
                elif part == "peers":
                    figures += peer_comparison.measure(embedded.dsn, folder)
                elif part == "small":
                    figures += small_submissions.measure(embedded.dsn)
                elif part == "releases":
                    publishing, programme = releases.measure(embedded.dsn, long="--long" in sys.argv)
                    figures += publishing + release_reads.measure(programme, folder)
                else:
                    figures += scaling.measure(embedded.dsn, folder, long="--long" in sys.argv)
        print(f"{part}: {time.perf_counter() - started:.0f} s so far", file=sys.stderr, flush=True)
    print(report.format_table(figures), profile, verdicts, sep="\n\n")
    if len(chosen) == len(BENCHMARK_NAMES):
        report.write_results(figures, profile, verdicts, load=load)


if __name__ == "__main__":
    main()

"""`make bench`, some six minutes; `make bench-long` has ten million observations as well.

A database of its own, server processes as `make run` starts them, all on this machine's loopback. Names of parts
(`ingest`, `beside`, `small`, `released`, `growing`) run those alone, and write nothing.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

from api.database.embedded import EmbeddedPostgres
from benchmarks import ingest, peer_comparison, releases, report, scaling, small_submissions

BENCHMARK_NAMES = ("ingest", "beside", "small", "released", "growing")


def main() -> None:
    chosen = [word for word in sys.argv[1:] if word in BENCHMARK_NAMES] or list(BENCHMARK_NAMES)
    load = os.getloadavg()[0]
    figures: list[report.Measurement] = []
    profile = ""
    begun = time.perf_counter()
    for part in chosen:
        with tempfile.TemporaryDirectory(prefix="benchmark-") as name:
            folder = Path(name)
            folder.chmod(0o755)
            with EmbeddedPostgres(folder / "data") as embedded:
                if part == "ingest":
                    figures += ingest.measure(embedded.dsn, folder)
                    profile = ingest.profile(embedded.dsn, folder)
                elif part == "beside":
                    figures += peer_comparison.measure(embedded.dsn, folder)
                elif part == "small":
                    figures += small_submissions.measure(embedded.dsn)
                elif part == "released":
                    figures += releases.measure(embedded.dsn, folder, long="--long" in sys.argv)
                else:
                    figures += scaling.measure(embedded.dsn, folder, long="--long" in sys.argv)
        print(f"{part}: {time.perf_counter() - begun:.0f} s so far", file=sys.stderr, flush=True)
    print(report.format_table(figures), profile, sep="\n\n")
    if len(chosen) == len(BENCHMARK_NAMES):
        report.write_results(figures, profile, load=load)


if __name__ == "__main__":
    main()

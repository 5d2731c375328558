"""How many rows a second CSV and NDJSON are read at, and what memory it takes. `python benchmarks/rows.py [rows …]`.

Each reading is a process of its own, so that its peak is its own. Rows come shuffled (`-s`: sorted by return),
over 20 measures, 12 months, 40 areas and 50 breakdowns; a tenth of them have shorthand for their value.
"""

import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parent.parent))

from api.submissions.csv_rows import CsvRows
from api.submissions.ndjson_rows import NdjsonRows
from api.submissions.revisions import Sent
from schema.submissions import NewSubmission

PIECE = 64 * 1024
DIMENSIONS = ["sex", "age-band", "ethnicity-5"]
MEASURES = [f"measure-number-{n}" for n in range(20)]
PERIODS = [f"2025-{n:02}" for n in range(1, 13)]
AREAS = [f"E0500{n:04}" for n in range(40)]
AGES = ("16-24", "25-34", "35-49", "50-64", "65-plus")
HEADER = (
    "measure,series,service,period,area,sex,age-band,ethnicity-5,value,numerator,denominator,lower,upper,status,note"
)


def write(folder: Path, rows: int, *, in_order: bool) -> None:
    chance = random.Random(1)  # noqa: S311  the same each time
    every = list(product(range(20), range(12), AREAS, ("female", "male"), AGES, "abcde"))
    chosen = [every[n % len(every)] for n in range(rows)]
    if in_order:
        chosen.sort()
    else:
        chance.shuffle(chosen)
    with (folder / "rows.csv").open("w") as csv, (folder / "rows.ndjson").open("w") as ndjson:
        returns = ",".join(f'{{"measure":"{m}","period":"{p}"}}' for m in MEASURES for p in PERIODS)
        csv.write(HEADER + "\n")
        ndjson.write(f'{{"returns":[{returns}]}}\n')
        for m, p, area, sex, age, ethnicity in chosen:
            value = chance.randrange(3000)
            hidden = value % 10 == 0
            csv.write(
                f"{MEASURES[m]},main,,{PERIODS[p]},{area},{sex},{age},{ethnicity},{'[c]' if hidden else value},,,,,,\n"
            )
            figure = '"status":"c"' if hidden else f'"value":{value}'
            ndjson.write(
                f'{{"return":{m * 12 + p},"area":"{area}","breakdown":{{"sex":"{sex}","age-band":"{age}"}},{figure}}}\n'
            )


def read_csv(file: Path) -> Sent:
    reader = CsvRows(DIMENSIONS, NewSubmission(returns=[]))
    with file.open("rb") as opened:
        while piece := opened.read(PIECE):
            reader.feed(piece)
    return reader.finish()


def read_ndjson(file: Path) -> Sent:
    reader = NdjsonRows()
    with file.open("rb") as opened:
        while piece := opened.read(PIECE):
            reader.feed(piece)
    return reader.finish()


READERS: dict[str, Callable[[Path], Sent]] = {"csv": read_csv, "ndjson": read_ndjson}


def measure(form: str, file: Path) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun, burnt = time.perf_counter(), time.process_time()
    sent = READERS[form](file)
    took, cpu = time.perf_counter() - begun, time.process_time() - burnt
    peak = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    size = file.stat().st_size / 1e6
    print(
        f"{form:>7} {len(sent.item):>10,} rows {size:>6.0f} MB {took:6.2f} s {len(sent.item) / took:>10,.0f} rows/s "
        f"{cpu:6.2f} s CPU, {peak:5.0f} MB above {before / 1024:.0f}"
    )


def main() -> None:
    if sys.argv[1:2] == ["--one"]:
        measure(sys.argv[2], Path(sys.argv[3]))
        return
    in_order = "-s" in sys.argv
    for rows in [int(float(word)) for word in sys.argv[1:] if word != "-s"] or [100_000, 1_000_000]:
        with TemporaryDirectory() as folder:
            write(Path(folder), rows, in_order=in_order)
            for form in READERS:
                for _ in range(3):
                    file = Path(folder) / f"rows.{form}"
                    subprocess.run([sys.executable, __file__, "--one", form, str(file)], check=True)


if __name__ == "__main__":
    main()

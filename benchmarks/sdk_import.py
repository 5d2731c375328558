"""Compare the time to import the SDK and get a first response with stripe-python and openai-python.

`python benchmarks/sdk_import.py [ROUNDS]` creates an environment that is deleted afterwards; it needs a package index.
Each measurement is a process of its own. The packages alternate, and the median counts. A local server sends the
responses. The exit status is 1 if the import takes longer than the faster of the two others.
"""

import http.server
import json
import statistics
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PERIOD_JSON = {"code": "2025-07", "type": "month", "start": "2025-07-01", "end": "2025-07-31", "label": "July 2025"}
ANSWER_BODY = json.dumps({"object": "list", "data": [], "available": [], "pending": [], **PERIOD_JSON}).encode()
# For each package: its import, the creation of a client, and its first call.
CALLS = {
    "work-health": (
        "from work_health import WorkHealth",
        "client = WorkHealth('wh_live_x', base_url=ADDRESS)",
        "client.get_period('2025-07')",
    ),
    "openai": (
        "from openai import OpenAI",
        "client = OpenAI(api_key='x', base_url=ADDRESS)",
        "client.models.list()",
    ),
    "stripe": (
        "from stripe import StripeClient",
        "client = StripeClient('sk_test_x', base_addresses={'api': ADDRESS})",
        "client.v1.balance.retrieve()",
    ),
}
TIMING_PROGRAM = """
import sys, time
ADDRESS = sys.argv[1]
begun = time.perf_counter()
{}
imported = time.perf_counter()
{}
{}
print(imported - begun, time.perf_counter() - begun, len(sys.modules))
"""


class QuietHandler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(ANSWER_BODY)))
        self.end_headers()
        self.wfile.write(ANSWER_BODY)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 its name in the library
        """Nothing."""


def create_environment(folder: Path) -> Path:
    uv = Path(sys.executable).parent / "uv"
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, folder], check=True)
    python = folder / "bin" / "python"
    install = [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", python]
    subprocess.run([*install, "stripe", "openai", ROOT / "sdk"], check=True)
    return python


def measure_imports(python: Path, address: str, rounds: int) -> dict[str, list[tuple[float, float, int]]]:
    measurements: dict[str, list[tuple[float, float, int]]] = {name: [] for name in CALLS}
    for number in range(rounds + 1):
        for name, lines in CALLS.items():
            command = [python, "-I", "-c", TIMING_PROGRAM.format(*lines), address]
            process = subprocess.run(command, capture_output=True, text=True, check=True)
            imported, answered, modules = process.stdout.split()
            if number:  # the first round fills the disk cache
                measurements[name].append((float(imported), float(answered), int(modules)))
    return measurements


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), QuietHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        measurements = measure_imports(
            create_environment(Path(folder) / "env"), f"http://127.0.0.1:{server.server_port}", rounds
        )
    server.shutdown()
    imports = {name: statistics.median(one[0] for one in times) for name, times in measurements.items()}
    print(f"{'':12} {'import':>9} {'first answer':>13} {'modules':>8}   (median of {rounds})")
    for name, times in measurements.items():
        answer = statistics.median(one[1] for one in times)
        print(f"{name:12} {imports[name] * 1000:6.0f} ms {answer * 1000:10.0f} ms {times[0][2]:8}")
    sys.exit(imports["work-health"] > min(imports["stripe"], imports["openai"]))


if __name__ == "__main__":
    main()

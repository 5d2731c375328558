"""Screenshots of what a person sees, taken offline: `python tools/screenshots.py [http://127.0.0.1:8000]` → `build/look/`."""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

PAGE_PATHS = (
    "/docs",
    "/errors/no-duty",
    "/guides/submitting",
    "/guides/reviewing",
    "/guides/sdk",
    "/guides/outcomes",
    "/guides/publishing",
)
OUTPUT_FOLDER = Path(__file__).parent.parent / "build" / "look"
TIMEOUT_SECONDS = 120


def take_screenshot(chromium: str, url: str, picture: Path) -> None:
    """Chromium can reach the server and nothing else: what would need another host is missing in the picture."""
    picture.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as profile:
        done = subprocess.run(
            [
                chromium,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--hide-scrollbars",
                f"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE {urlsplit(url).hostname}",
                f"--user-data-dir={profile}",
                "--virtual-time-budget=8000",
                "--window-size=1400,1000",
                f"--screenshot={picture}",
                url,
            ],
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    if not picture.exists():
        raise SystemExit(f"chromium took no picture of {url} (exit {done.returncode}):\n{done.stderr[-2000:]}")


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("server", nargs="?", default="http://127.0.0.1:8000")
    server: str = arguments.parse_args().server.rstrip("/")
    if urlsplit(server).scheme not in {"http", "https"}:
        arguments.error(f"{server!r} is not the address of a server; http://127.0.0.1:8000 would be one")
    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("There is no chromium here: apt-get update && apt-get install -y chromium")
    OUTPUT_FOLDER.mkdir(parents=True, exist_ok=True)
    for path in PAGE_PATHS:
        try:
            urlopen(server + path, timeout=TIMEOUT_SECONDS).close()  # noqa: S310 - the scheme is checked above
        except OSError as error:
            raise SystemExit(f"{server}{path} does not answer ({error}). Is the server running?") from None
        picture = OUTPUT_FOLDER / f"{path.strip('/').replace('/', '-')}.png"
        take_screenshot(chromium, server + path, picture)
        sys.stdout.write(f"{picture}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

"""Ask the package index for known vulnerabilities of the locked packages, with pip-audit.

Exit with 1 if a package has a vulnerability, or if only some packages could be checked. Where the service cannot be
reached, report that nothing was checked and exit with 0.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "requirements" / "dev.txt"  # contains those of run.txt and server.txt
TIMEOUT_SECONDS = 300
Json = Any


def run_audit(requirements: Path) -> list[Json]:
    """Return what pip-audit reports about each package, or an empty list if it could not ask."""
    command = [Path(sys.executable).with_name("pip-audit"), "--format", "json", "--progress-spinner", "off"]
    command += ["--require-hashes", "--disable-pip", "-r", requirements]
    try:
        completed = subprocess.run(command, capture_output=True, text=True, check=False, timeout=TIMEOUT_SECONDS)
        return json.loads(completed.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, json.JSONDecodeError, KeyError):
        return []


def report_audit(packages: list[Json]) -> tuple[int, list[str]]:
    """Return the exit code and the lines of a report.

    pip-audit exits with 0 if it finds no package in the index, so the packages that it skipped are counted here.
    """
    skipped = [package["name"] for package in packages if "skip_reason" in package]
    checked_count = len(packages) - len(skipped)
    if not checked_count:
        return 0, ["NOT CHECKED: the vulnerability service cannot be reached from here."]
    lines = [
        f"{package['name']} {package['version']} has {vulnerability['id']}, fixed in "
        f"{', '.join(vulnerability['fix_versions']) or 'no version'}"
        for package in packages
        for vulnerability in package.get("vulns", [])
    ]
    count = len(lines)
    if skipped:
        lines.append(f"Not checked: {', '.join(skipped)}")
    lines.append(f"{checked_count} packages checked, {count} vulnerabilities")
    return (1 if count or skipped else 0), lines


def main() -> int:
    code, lines = report_audit(run_audit(REQUIREMENTS))
    print("\n".join(lines))
    return code


if __name__ == "__main__":
    sys.exit(main())

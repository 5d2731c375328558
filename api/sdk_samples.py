"""Samples of each operation in the contract: a program with the SDK, and a command where there is one."""

import re
from collections.abc import Mapping
from pprint import pformat
from typing import Any

Json = Any
SAMPLES_FIELD = "x-codeSamples"
COMMANDS = {
    "get_me": "work-health whoami",
    "list_obligations": "work-health obligations",
    "get_template": "work-health template ips-primary-care-referrals --period FY2025-26-Q2",
    "create_submission_csv": "work-health submit returns.csv --dry-run",
    "list_returns": "work-health returns",
    "list_outcomes": "work-health outcomes ips-primary-care-referrals",
    "preview_outcomes": "work-health outcomes ips-primary-care-referrals --preview",
    "get_progress": "work-health progress",
    "get_logic_model": "work-health plan",
    "list_keys": "work-health keys list",
}


def add_samples(operation: dict[str, Json], parameters: Mapping[str, Json]) -> None:
    """Add the samples of an operation. Required parameters have the values of their examples."""
    samples = [{"lang": "Python", "label": "Python SDK", "source": write_program(operation, parameters)}]
    if command := COMMANDS.get(operation["operationId"]):
        samples.append({"lang": "Shell", "label": "Command line", "source": command})
    operation[SAMPLES_FIELD] = samples


def write_program(operation: dict[str, Json], parameters: Mapping[str, Json]) -> str:
    """Return a program that calls the method of an operation and prints its result."""
    required = [one["name"] for one in operation.get("parameters", ()) if one.get("required")]
    arguments = [(_to_argument(name), repr(parameters[name]["example"])) for name in required]
    names, lines = ["WorkHealth"], list[str]()
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        if media_type == "application/json":
            kind = content["schema"]["$ref"].rpartition("/")[2]
            body = re.sub(r"(?<!^)(?=[A-Z])", "_", kind.replace("New", "")).lower()
            names.append(kind)
            lines.append(f"{body} = {kind}.from_dict(\n{_indent(content['example'])}\n)")
            arguments.append((body, body))
        else:
            suffix = "csv" if media_type == "text/csv" else "ndjson"
            lines.append(f'content = Path("returns.{suffix}")')
            arguments.append(("content", "content"))
    call = ", ".join(f"{name}={value}" for name, value in arguments).replace("'", '"')
    if len(call) > 60:
        call = "\n" + "".join(f"    {name}={value},\n" for name, value in arguments).replace("'", '"')
    imports = [f"from work_health import {', '.join(sorted(names))}", "", "client = WorkHealth()"]
    if any("Path(" in line for line in lines):
        imports = ["from pathlib import Path", "", *imports]
    return "\n".join([*imports, *lines, f"print(client.{operation['operationId']}({call}))"])


def _to_argument(name: str) -> str:
    return f"{name}_" if name in {"from", "with"} else name.replace("-", "_").lower()


def _indent(example: Json) -> str:
    return re.sub("^", "    ", pformat(example, width=80, sort_dicts=False), flags=re.MULTILINE)

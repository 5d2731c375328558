"""Names and imports keep the rules of CONTRIBUTING.md that import-linter and ruff cannot express."""

import ast
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec

ROOT = Path(__file__).parents[2]
OURS = ("api", "schema", "work_health", "benchmarks", "tools", "tests")
METHODS = {"get", "post", "put", "patch", "delete"}
VERBS = {
    *("Approve", "Cancel", "Clear", "Comment", "Compare", "Confirm", "Create", "Exempt", "Get", "Grant", "List"),
    *("Preview", "Propose", "Publish", "Raise", "Reopen", "Repeat", "Revoke", "Submit", "Withdraw"),
}


def list_modules(*folders: str) -> list[Path]:
    files = subprocess.run(["git", "ls-files", *folders], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    paths = [Path(path) for path in files.split() if path.endswith(".py") and "_generated" not in path]
    return [path for path in paths if (ROOT / path).is_file()]


def list_imports(path: Path) -> Iterator[tuple[str, str, str | None]]:
    """Yield the module, the name and the alias of each import from a module."""
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.module, alias.name, alias.asname) for alias in node.names)


def test_no_module_needs_an_import_alias():
    aliases = [
        (str(path), module, name)
        for path in list_modules("api", "schema", "sdk/work_health", "benchmarks", "tools", "tests")
        for module, name, alias in list_imports(path)
        if alias not in (None, name) and module.split(".")[0] in OURS
    ]
    assert aliases == []


def test_no_route_imports_the_routes_of_another_stage():
    """Pages alone do: their forms call the operations of the API themselves, so that there is no second rule."""
    crossings = [
        (str(path), f"{module}.{name}")
        for path in list_modules("api")
        if path.stem.startswith("routes") and path.parts[:2] != ("api", "pages")
        for module, name, _ in list_imports(path)
        if re.search(r"\.routes", f"{module}.{name}") and module.split(".")[:2] != list(path.parts[:2])
    ]
    assert crossings == []


def test_operation_summaries_start_with_a_verb_and_are_unique():
    paths = msgspec.yaml.decode((ROOT / "openapi.yaml").read_bytes())["paths"]
    summaries = [path[method]["summary"] for path in paths.values() for method in METHODS & path.keys()]
    assert [summary for summary, count in Counter(summaries).items() if count > 1] == []
    assert {summary.split()[0] for summary in summaries} <= VERBS


def test_test_names_have_at_most_80_characters():
    names = [
        node.name
        for path in list_modules("tests")
        for node in ast.walk(ast.parse((ROOT / path).read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    ]
    assert len(names) > 1000
    assert [name for name in names if len(name) > 80] == []


def test_largest_count_is_defined_once():
    """`api.spelling` and its copy in the SDK have definitions of their own: they import neither schema nor server."""
    definitions = [
        str(path)
        for path in list_modules("api", "schema", "sdk/work_health")
        if re.search(r"^[A-Z_]+ = (2\*\*53 - 1|9_?007_?199)", (ROOT / path).read_text(), re.MULTILINE)
    ]
    assert definitions == ["api/spelling/counts.py", "schema/submissions.py", "sdk/work_health/_spelling/counts.py"]

"""Measure the sizes that CONTRIBUTING.md limits: `python tools/measure_sizes.py`.

Modules over 300 lines, functions over 40 lines (docstrings not counted), and how many calls lie between a handler and
its SQL. A test compares them with the limits.
"""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
TOPS = ("api", "schema", "sdk/work_health", "benchmarks", "tools")
MAX_MODULE_LINES = 300
MAX_FUNCTION_LINES = 40
MAX_LONG_FUNCTIONS = 5
MAX_DEPTH = 4
NO_SQL = -1
UNKNOWN_OWNER = "?"
DATA_TABLES = frozenset({"schema/tables.py", "sdk/work_health/__init__.py"})
"""Modules that are tables of data or lists of names."""
SQL_CALLS = frozenset(
    {"execute", "scalar", "fetch", "fetchrow", "fetchval", "fetch_any", "fetch_in_transaction", "try_statement"}
)
ROUTE_DECORATORS = frozenset({"get", "post", "put", "patch", "delete"})

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Size(NamedTuple):
    """How large a module or function is, or how deep a handler."""

    name: str
    size: int


def python_files() -> list[Path]:
    """Return the hand-written modules, relative to the repository."""
    command = ["git", "ls-files", *(f"{top}/*.py" for top in TOPS)]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    paths = [Path(path) for path in listed.stdout.split() if "_generated" not in path and "/_sync/" not in path]
    return [path for path in paths if (ROOT / path).is_file()]


def long_modules() -> list[Size]:
    """Return the modules over the limit, tables of data excepted, the longest first."""
    sizes = [Size(str(path), len((ROOT / path).read_text().splitlines())) for path in python_files()]
    return _over([size for size in sizes if size.name not in DATA_TABLES], MAX_MODULE_LINES)


def long_functions() -> list[Size]:
    """Return the functions over the limit, the longest first."""
    sizes = [
        Size(f"{path}:{function.name}", _count_lines(function))
        for path in python_files()
        for function in ast.walk(_parse(path))
        if isinstance(function, Function)
    ]
    return _over(sizes, MAX_FUNCTION_LINES)


def handler_depths() -> list[Size]:
    """Return for each handler the most calls between it and the function that executes SQL: 0 if it does so itself."""
    graph = _call_graph()
    handlers = [name for name, (function, _) in graph.items() if function is not None and _is_handler(function)]
    return [Size(name, _depth(name, graph, frozenset())) for name in handlers]


def deep_handlers() -> list[Size]:
    """Return the handlers that reach their SQL by more calls than the limit, the deepest first.

    A page calls what the handlers of the API call, and so has two calls more.
    """
    pages = [size for size in handler_depths() if size.name.startswith("api.pages.")]
    others = [size for size in handler_depths() if not size.name.startswith("api.pages.")]
    return _over(pages, MAX_DEPTH + 2) + _over(others, MAX_DEPTH)


def _over(sizes: list[Size], limit: int) -> list[Size]:
    return sorted((size for size in sizes if size.size > limit), key=lambda size: -size.size)


@cache
def _parse(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text())


def _count_lines(function: Function) -> int:
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    first = function.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        lines -= (first.end_lineno or first.lineno) - first.lineno + 1
    return lines


def _is_handler(function: Function) -> bool:
    decorators = [node.func for node in function.decorator_list if isinstance(node, ast.Call)]
    return any(isinstance(name, ast.Name) and name.id in ROUTE_DECORATORS for name in decorators)


CallGraph = dict[str, tuple[Function | None, set[str]]]
"""By the name of a function: the function, and the names of what it calls."""


def _call_graph() -> CallGraph:
    """Return the calls between the functions of `api`, by `module.function`; methods go by `module.Class.method`.

    A call of a method on an object of unknown type counts as a call of the only method with that name, if there is one.
    """
    graph: CallGraph = {}
    methods: dict[str, list[str]] = {}
    for path in python_files():
        if path.parts[0] != "api":
            continue
        module = ".".join(path.with_suffix("").parts).removesuffix(".__init__")
        imports = dict(_imported_names(_parse(path)))
        for owner, function in _functions(_parse(path)):
            prefix = f"{module}.{owner}" if owner else module
            graph[f"{prefix}.{function.name}"] = (function, set(_called_names(function, module, prefix, imports)))
            if owner:
                methods.setdefault(function.name, []).append(f"{prefix}.{function.name}")
    only = {f"{UNKNOWN_OWNER}.{name}": names[0] for name, names in methods.items() if len(names) == 1}
    return {
        name: (function, {only.get(called, called) for called in calls}) for name, (function, calls) in graph.items()
    }


def _functions(tree: ast.Module) -> Iterator[tuple[str, Function]]:
    for node in tree.body:
        if isinstance(node, Function):
            yield "", node
        elif isinstance(node, ast.ClassDef):
            yield from ((node.name, method) for method in node.body if isinstance(method, Function))


def _imported_names(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from ((alias.asname or alias.name, f"{node.module}.{alias.name}") for alias in node.names)


def _called_names(function: Function, module: str, prefix: str, imports: dict[str, str]) -> Iterator[str]:
    for node in ast.walk(function):
        if not isinstance(node, ast.Call):
            continue
        match node.func:
            case ast.Name(id=name):
                yield imports.get(name, f"{module}.{name}")
            case ast.Attribute(value=ast.Name(id="self"), attr=name):
                yield f"{prefix}.{name}"
            case ast.Attribute(value=ast.Name(id=owner), attr=name) if owner in imports:
                yield f"{imports[owner]}.{name}"
            case ast.Attribute(attr=name):
                yield f"{UNKNOWN_OWNER}.{name}"
            case _:
                pass


def _depth(name: str, graph: CallGraph, visited: frozenset[str]) -> int:
    if name in visited or name not in graph:
        return NO_SQL
    statements = {called for called in graph[name][1] if called.rpartition(".")[2] in SQL_CALLS}
    depths = [_depth(called, graph, visited | {name}) for called in graph[name][1] - statements]
    return max((depth + 1 for depth in depths if depth != NO_SQL), default=0 if statements else NO_SQL)


def main() -> None:
    """Print what is over a limit."""
    total = sum(len((ROOT / path).read_text().splitlines()) for path in python_files())
    print(f"{total} lines of hand-written Python in {', '.join(TOPS)}")
    for title, sizes in (
        (f"modules over {MAX_MODULE_LINES} lines", long_modules()),
        (f"functions over {MAX_FUNCTION_LINES} lines", long_functions()),
        (f"handlers more than {MAX_DEPTH} calls from their SQL", deep_handlers()),
    ):
        print(f"{len(sizes)} {title}")
        for size in sizes:
            print(f"{size.size:6} {size.name}")


if __name__ == "__main__":
    main()

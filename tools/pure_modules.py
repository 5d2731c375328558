"""Find the pure modules by their names. The purity test and the coverage gate use this rule.

A module of `api` or `schema` is pure unless its name starts with `routes` or `queries`, is one of IMPURE_NAMES, or it
lies in one of IMPURE_PACKAGES or at the top of `api`. `schema/tables.py` describes tables, so it names SQLAlchemy.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
IMPURE_NAMES = frozenset({"job", "writer", "cache", "fetching", "downloading", "drawing"})
IMPURE_PREFIXES = ("routes", "queries")
IMPURE_PACKAGES = frozenset({"http", "database", "docs", "access", "monitoring"})
FORBIDDEN = (
    "sqlalchemy", "asyncpg", "litestar", "granian", "httpx2", "pgqueuer", "alembic",
    "api.clock", "api.settings", "api.database",
)  # fmt: skip
"""Libraries and modules that a pure module must not import, directly or through another module of `api`."""


def pure_modules(root: Path = ROOT) -> list[Path]:
    """Return the pure modules of `api`, relative to `root`."""
    files = sorted((root / "api").rglob("*.py"))
    return [path for file in files if is_pure(path := file.relative_to(root))]


def is_pure(path: Path) -> bool:
    """Return True if the rule says that the module at this path of `api` is pure."""
    if len(path.parts) == 2 or path.parts[1] in IMPURE_PACKAGES:
        return False
    return path.stem not in IMPURE_NAMES and not path.stem.startswith(IMPURE_PREFIXES)


def forbidden_imports(path: Path, root: Path = ROOT) -> list[str]:
    """Return the chains of imports by which the module reaches I/O, as `a -> b -> sqlalchemy`."""
    chains: list[str] = []
    visited: set[str] = set()
    pending: list[tuple[str, tuple[str, ...]]] = [(_dotted(path), (_dotted(path),))]
    while pending:
        module, chain = pending.pop()
        for name in _imports(module, root):
            if name.startswith(FORBIDDEN) and (name + ".").startswith(tuple(f"{one}." for one in FORBIDDEN)):
                chains.append(" -> ".join((*chain, name)))
            elif name.startswith("api.") and name not in visited:
                visited.add(name)
                pending.append((name, (*chain, name)))
    return sorted(chains)


@cache
def _imports(module: str, root: Path) -> tuple[str, ...]:
    return tuple(_read_imports(module, root))


def _read_imports(module: str, root: Path) -> Iterator[str]:
    file = _file(module, root)
    if file is None:
        return
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                yield name if _file(name, root) else node.module


def _file(module: str, root: Path) -> Path | None:
    path = root.joinpath(*module.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


def _dotted(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


if __name__ == "__main__":
    print(",".join(str(path) for path in pure_modules()))

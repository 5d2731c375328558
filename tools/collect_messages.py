"""Collect every message that a user can read into `tests/contract/messages.txt`.

A reworded message is then one line of difference. Messages are recognised by their shape, not by a list of modules or
names: a text of several words in the code of the API, the schema or the SDK that is not a docstring, SQL, or a
description in the contract (openapi.yaml has those); the texts of pages; and tables of texts in YAML. Calculated parts
appear as {…}. The title of a refusal is the first line of its class's docstring; the help of a command of the SDK, its
function's docstring.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, cast

import yaml

ROOT = Path(__file__).parents[1]
GOLDEN = ROOT / "tests" / "contract" / "messages.txt"
GAP = "{…}"
CODE = re.compile(r"(--)?[a-z]+(-[a-z0-9]+)*")
# Texts for PostgreSQL, for the contract and for the type checker, by what takes them.
NOT_READ = {
    *("CheckConstraint", "Column", "Index", "comment", "literal_column", "text"),
    *("Body", "Meta", "Parameter", "cast", "compile"),
}
COMMANDS = {"callback", "command"}  # typer shows the docstrings of the functions that these decorate
# SQL as asyncpg takes it, style sheets, header fields, shell scripts, format strings of the log.
NOT_PROSE = re.compile(r"\$\d|::|-src |-uri |max-age|:root|%s|\bread -r |^(select|from|where) |^dict\[")
TAG = re.compile(r"{[%#].*?[%#]}|<(style|script)\b.*?</\1>|</?[a-z!][^<>]*>", re.DOTALL)


class Message(NamedTuple):
    """A message: its code (`-` without one), what it is of the problem or command, and its text."""

    code: str
    kind: str
    text: str

    def __str__(self) -> str:
        return "\t".join((self.code, self.kind, self.text.replace("\\", "\\\\").replace("\n", "\\n")))


def collect() -> list[str]:
    """Return the lines of the golden file, sorted, each once."""
    messages: set[str] = set()
    for top in ("api", "schema", "sdk/work_health"):
        paths = [path for path in (ROOT / top).rglob("*") if "_generated" not in path.parts]
        trees = [ast.parse(path.read_text()) for path in paths if path.suffix == ".py"]
        classes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
        exceptions = _heirs({"Exception", "LookupError", "RuntimeError", "TypeError", "ValueError"}, classes)
        titled = _heirs({c.name for c in classes if c.name in exceptions and _has_status(c)}, classes)
        collector = _Collector(exceptions, titled)
        messages |= {str(message) for tree in trees for message in collector.messages(tree)}
        messages |= {str(message) for path in paths if path.suffix == ".html" for message in _of_page(path.read_text())}
        messages |= {
            str(message) for path in paths if path.suffix == ".yaml" for message in _of_table(path.read_text())
        }
    return sorted(messages)


def _of_page(html: str) -> Iterator[Message]:
    parts = (" ".join(part.split()) for part in TAG.sub("\0", html).split("\0"))
    yield from (Message("-", "page", part) for part in parts if _is_message(part, with_code=False))


def _of_table(text: str) -> Iterator[Message]:
    """The messages of a table: codes, each with its texts by kind. Any other YAML has none."""
    table = cast("object", yaml.safe_load(text))
    rows = cast("dict[str, object]", table) if isinstance(table, dict) else {}
    tables = {code: cast("dict[str, object]", row) for code, row in rows.items() if isinstance(row, dict)}
    cells = [(code, kind, cell) for code, row in tables.items() for kind, cell in row.items()]
    if len(tables) == len(rows) and not any(isinstance(cell, dict | list) for *_, cell in cells):
        yield from (Message(code, kind, cell) for code, kind, cell in cells if isinstance(cell, str) and " " in cell)


def _heirs(names: set[str], classes: list[ast.ClassDef]) -> set[str]:
    """These names and those of the classes that derive from them, however far."""
    while more := {c.name for c in classes for base in c.bases if _last_name(base) in names} - names:
        names = names | more
    return names


def _has_status(node: ast.ClassDef) -> bool:
    """A refusal is an exception with a status of HTTP; its title is its docstring."""
    return any(isinstance(line, ast.AnnAssign) and _last_name(line.target) == "status" for line in node.body)


class _Collector:
    def __init__(self, exceptions: set[str], titled: set[str]) -> None:
        self.exceptions = exceptions
        self.titled = titled

    def messages(self, node: ast.AST, code: str = "-", kind: str = "text") -> Iterator[Message]:
        """Walk with the code and the kind of the nearest call, dictionary entry or class that has one."""
        if isinstance(node, ast.expr) and (text := _text_of(node)) is not None:
            if _is_message(text, with_code=code != "-"):
                yield Message(code, kind, text if "</" not in text else " ".join(TAG.sub(" ", text).split()))
            for part in _gaps(node):
                yield from self.messages(part, code, kind)
            return
        for child, its_code, its_kind in self._children(node, code, kind):
            yield from self.messages(child, its_code, its_kind)

    def _children(self, node: ast.AST, code: str, kind: str) -> Iterator[tuple[ast.AST, str, str]]:
        if isinstance(node, ast.Call):
            yield from self._of_call(node, code, kind)
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                yield value, (_code_of(key) if isinstance(value, ast.Call) else None) or code, kind
        elif isinstance(node, ast.ClassDef) and node.name in self.exceptions:
            if node.name in self.titled:
                yield ast.Constant((ast.get_docstring(node) or "").split("\n")[0]), _kebab(node.name), "title"
            yield from ((child, _kebab(node.name), kind) for child in _without_docstring(node.body))
        elif isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            yield node.value, code, kind if code == "-" else _last_name(target) or kind
        elif isinstance(node, (ast.Module, ast.ClassDef)):
            yield from ((child, code, "text") for child in _without_docstring(node.body))
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            if any(_last_name(decorator) in COMMANDS for decorator in map(_called, node.decorator_list)):
                yield ast.Constant(ast.get_docstring(node) or ""), node.name, "help"
            yield from ((child, code, "text") for child in (node.args, *_without_docstring(node.body)))
        elif isinstance(node, ast.arg):
            if node.annotation is not None:
                yield node.annotation, node.arg, kind
        else:
            yield from ((child, code, kind) for child in ast.iter_child_nodes(node))

    def _of_call(self, node: ast.Call, code: str, kind: str) -> Iterator[tuple[ast.AST, str, str]]:
        name = _last_name(node.func)
        if name in NOT_READ:
            return
        if name in self.exceptions:
            code, kind = _kebab(name), "detail"
        else:
            given = [*node.args[:1], *(keyword.value for keyword in node.keywords if keyword.arg == "code")]
            own = next((own for value in given if (own := _code_of(value))), None)
            code, kind = (own, "message") if own else (code, kind)
        yield node.func, code, kind
        yield from ((value, code, kind) for value in node.args)
        named = (keyword for keyword in node.keywords if keyword.arg not in NOT_READ)
        yield from ((keyword.value, code, keyword.arg or kind) for keyword in named)


def _text_of(node: ast.expr) -> str | None:
    """The text that an expression makes, with {…} for what is calculated; None of an expression that is no text."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(GAP if isinstance(part, ast.FormattedValue) else _text_of(part) or "" for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _text_of(node.left), _text_of(node.right)
        return None if left is None and right is None else (GAP if left is None else left) + (right or GAP)
    return None


def _gaps(node: ast.expr) -> Iterator[ast.expr]:
    """Yield the calculated parts of a text, which may themselves be texts."""
    if isinstance(node, ast.JoinedStr):
        yield from (part.value for part in node.values if isinstance(part, ast.FormattedValue))
    elif isinstance(node, ast.BinOp):
        for side in (node.left, node.right):
            yield from [side] if _text_of(side) is None else _gaps(side)


def _is_message(text: str, *, with_code: bool) -> bool:
    """Three words are a message; with a code, two are, such as an example or what is expected."""
    prose = TAG.sub(" ", text).replace(GAP, " ")
    if NOT_PROSE.search(prose):
        return False
    if with_code:
        return len(re.findall(r"[A-Za-z]", prose)) >= 5 and re.search(r"\s", text) is not None
    words = re.findall(r"(?<![\w/.-])[A-Za-z][A-Za-z'’-]*(?![\w=(/])", prose)
    return len(words) >= 3 and " " in prose.strip()


def _code_of(node: ast.expr | None) -> str | None:
    text = node.value if isinstance(node, ast.Constant) else None
    return text if isinstance(text, str) and CODE.fullmatch(text) else None


def _without_docstring(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements of a body without its docstrings (of the class, the function or a field)."""
    for statement in body:
        if not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)):
            yield statement


def _called(node: ast.expr) -> ast.expr:
    return node.func if isinstance(node, ast.Call) else node


def _last_name(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _kebab(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()


if __name__ == "__main__":
    GOLDEN.write_text("\n".join(collect()) + "\n")
    sys.stdout.write(f"{GOLDEN.relative_to(ROOT)}: {len(collect())} messages\n")

"""Read a plan file: YAML with the line of each value, and every mistake at once."""

from typing import cast

import yaml
from msgspec import Struct
from yaml.nodes import MappingNode, Node, SequenceNode

from api.plan.checks import find_mistakes
from api.plan.lenient_conversion import convert_leniently
from api.plan.mistakes import NOUNS, InvalidPlan, Mistake, Path, format_mistake
from schema.plan import Plan

TIMESTAMP_TAG = "tag:yaml.org,2002:timestamp"
MERGE_TAG = "tag:yaml.org,2002:merge"


class PlanLoader(yaml.CSafeLoader):
    """The safe loader, which leaves dates as texts, so that a wrong one is a mistake with a line."""

    yaml_implicit_resolvers = {  # noqa: RUF012  PyYAML declares it so
        letter: [(tag, pattern) for tag, pattern in resolvers if tag != TIMESTAMP_TAG]
        for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


class YamlDocument(Struct, frozen=True, kw_only=True):
    """The content of a YAML file, the line of each value, and the keys that occur twice in a mapping."""

    content: object
    lines: dict[Path, int]
    duplicates: list[Mistake]

    def find_line(self, path: Path) -> int:
        """Return the line of a value, or of the nearest mapping or list around it."""
        while path not in self.lines:
            path = path[:-1]
        return self.lines[path]


def read_plan_text(name: str, text: bytes) -> Plan:
    """Return the plan in the text of a file. Raises InvalidPlan with every mistake and its line."""
    document = _read_yaml(name, text)
    mistakes: list[Mistake] = []
    plan = cast("Plan", convert_leniently(document.content, Plan, (), mistakes))
    if not any(_is_about_a_section(mistake.path) for mistake in mistakes):
        wrong_paths = {mistake.path for mistake in mistakes}
        wrong_items = {path[:2] for path in wrong_paths}
        for mistake in find_mistakes(plan):
            # An item with placeholders may break other rules only because of them, but its references are its own.
            is_reference = bool(mistake.value and mistake.allowed) and mistake.path not in wrong_paths
            if is_reference or mistake.path[:2] not in wrong_items:
                mistakes.append(mistake)
    mistakes += document.duplicates
    if mistakes:
        lines = sorted((document.find_line(m.path), format_mistake(m, document.content)) for m in mistakes)
        raise InvalidPlan("\n".join(f"{name}:{line}: {mistake}" for line, mistake in dict.fromkeys(lines)))
    return plan


def _is_about_a_section(path: Path) -> bool:
    """Return True if a section is missing or is no list: every item would lack what it refers to."""
    return not path or (len(path) == 1 and path[0] in NOUNS)


def _read_yaml(name: str, text: bytes) -> YamlDocument:
    try:
        loader = PlanLoader(text)
        root = loader.get_single_node()
        if root is None:
            raise InvalidPlan(f"{name}: the file is empty.")
        lines: dict[Path, int] = {(): 1}
        duplicates: list[Mistake] = []
        _visit(root, (), lines, duplicates, frozenset())
        content = cast("object", loader.construct_document(root))  # pyright: ignore[reportUnknownMemberType]
        return YamlDocument(content=content, lines=lines, duplicates=duplicates)
    except yaml.MarkedYAMLError as error:
        mark = cast("yaml.Mark", error.problem_mark)
        raise InvalidPlan(f"{name}:{mark.line + 1}: {error.problem}.") from error
    except yaml.YAMLError as error:
        raise InvalidPlan(f"{name}: {' '.join(str(error).split())}") from error


def _visit(
    node: Node, path: Path, lines: dict[Path, int], duplicates: list[Mistake], ancestors: frozenset[int]
) -> None:
    """Add the lines and duplicate keys below a node. Raises YAMLError if the node contains itself."""
    if id(node) in ancestors:
        raise yaml.YAMLError("an alias refers to a value that contains it")
    ancestors |= {id(node)}
    if isinstance(node, SequenceNode):
        for number, item in enumerate(cast("list[Node]", node.value)):
            lines[(*path, number)] = item.start_mark.line + 1
            _visit(item, (*path, number), lines, duplicates, ancestors)
    elif isinstance(node, MappingNode):
        first_lines: dict[str, int] = {}
        # Keys of the mapping itself replace merged ones, so their lines are written last.
        pairs = cast("list[tuple[Node, Node]]", node.value)
        for key, value in sorted(pairs, key=lambda pair: pair[0].tag != MERGE_TAG):
            name, line = str(key.value), key.start_mark.line + 1
            if name in first_lines:
                text = f"the key occurs twice; it is in line {first_lines[name]} as well"
                duplicates.append(Mistake(path=(*path, name), text=text))
            first_lines.setdefault(name, line)
            below = path if key.tag == MERGE_TAG else (*path, name)
            lines[below] = lines[path] if key.tag == MERGE_TAG else line
            _visit(value, below, lines, duplicates, ancestors)

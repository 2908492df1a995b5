"""PowerShell as a tree: what a script calls, with which parameters, and what its tables say."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import tree_sitter_pwsh
from tree_sitter import Language, Node, Parser

ROOT = Path(__file__).parents[2] / "powershell"
_PARSER = Parser(Language(tree_sitter_pwsh.language()))


@dataclass(frozen=True)
class Call:
    """One command of a script. `parameters` are spelled as written, splatted ones included."""

    name: str
    line: int
    parameters: dict[str, str] = field(default_factory=dict)  # name → the value's text
    splats: tuple[str, ...] = ()  # variables that could not be resolved
    arguments: int = 0


def scripts() -> list[Path]:
    """Every script that is shipped: tests of PowerShell itself are not."""
    found = [*ROOT.rglob("*.ps1"), *ROOT.rglob("*.psm1")]
    return sorted(path for path in found if "tests" not in path.relative_to(ROOT).parts)


def parse(source: str) -> Node:
    return _PARSER.parse(source.encode()).root_node


def walk(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from walk(child)


def text(node: Node | None) -> str:
    return node.text.decode() if node is not None and node.text is not None else ""


def errors(root: Node) -> list[str]:
    return [
        f"line {node.start_point[0] + 1}: {text(node)[:60]!r}"
        for node in walk(root)
        if node.is_error or node.is_missing
    ]


def functions(root: Node) -> set[str]:
    return {text(node) for node in walk(root) if node.type == "function_name"}


def calls(root: Node) -> list[Call]:
    """Commands by name. Script blocks that are called through a variable are read where they are
    written."""
    return [
        _call(node, name)
        for node in walk(root)
        if node.type == "command" and (name := _command_name(node))
    ]


def dynamic_calls(root: Node) -> list[str]:
    """What is called through an expression."""
    found = []
    for node in walk(root):
        if node.type == "command" and not _command_name(node):
            found.append(text(next(c for c in node.children if c.type == "command_name_expr")))
    return found


def _command_name(node: Node) -> str:
    for child in node.children:
        if child.type == "command_name":
            return text(child).strip("'\"")
    return ""


def _call(node: Node, name: str) -> Call:
    elements = next((c for c in node.children if c.type == "command_elements"), None)
    parameters: dict[str, str] = {}
    splats: list[str] = []
    arguments = 0
    pending = ""
    for child in elements.children if elements is not None else []:
        if child.type == "command_argument_sep":
            continue
        if child.type == "command_parameter":
            pending = text(child).lstrip("-").rstrip(":")
            parameters[pending] = ""
        elif text(child).startswith("@") and child.type == "unary_expression" and _is_splat(child):
            resolved = _splatted(child, text(child)[1:])
            parameters |= resolved or {}
            splats += [] if resolved is not None else [text(child)[1:]]
            pending = ""
        elif pending:
            parameters[pending] = text(child)
            pending = ""
        else:
            arguments += 1
    return Call(name, node.start_point[0] + 1, parameters, tuple(splats), arguments)


def _is_splat(node: Node) -> bool:
    return len(node.children) == 1 and node.children[0].type == "variable"


def _splatted(node: Node, variable: str) -> dict[str, str] | None:
    """The literal keys that a hashtable variable gets in the function around the call."""
    scope = _scope(node)
    found: dict[str, str] = {}
    literal = False
    for assignment in walk(scope):
        if assignment.type != "assignment_expression" or _scope(assignment) != scope:
            continue
        left, right = assignment.children[0], assignment.children[-1]
        if text(left) == f"${variable}":
            tables = [n for n in walk(right) if n.type == "hash_literal_expression"]
            literal = bool(tables)
            found |= entries(tables[0]) if tables else {}
        elif text(left).startswith(f"${variable}['"):
            found[text(left).split("'")[1]] = text(right)
    return found if literal else None


def _scope(node: Node) -> Node:
    current = node
    while current.parent is not None and current.type != "function_statement":
        current = current.parent
    return current


def entries(table: Node) -> dict[str, str]:
    """Top-level keys of a hashtable literal and the text of their values."""
    return {key: text(value) for key, value in entry_nodes(table).items()}


def entry_nodes(table: Node) -> dict[str, Node]:
    body = next((c for c in table.children if c.type == "hash_literal_body"), None)
    pairs = [c for c in body.children if c.type == "hash_entry"] if body is not None else []
    return {
        text(pair.children[0]).strip("'\""): next(c for c in pair.children if c.type == "pipeline")
        for pair in pairs
    }


def strings(node: Node) -> list[str]:
    """Quoted texts inside a value, in order."""
    return [
        text(found)[1:-1].replace("''", "'")
        for found in walk(node)
        if found.type == "verbatim_string_characters"
    ]


def table(path: Path) -> dict[str, Node]:
    """The entries of a service's table: the last hashtable literal at the top of its file."""
    root = parse(path.read_text())
    tops = [
        node
        for node in walk(root)
        if node.type == "hash_literal_expression" and _scope(node).type != "function_statement"
    ]
    outer = [node for node in tops if not any(_inside(node, other) for other in tops)]
    return entry_nodes(outer[-1])


def _inside(node: Node, other: Node) -> bool:
    return (
        node.id != other.id
        and other.start_byte <= node.start_byte
        and node.end_byte <= other.end_byte
    )

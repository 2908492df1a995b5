"""What our own functions take, so that their calls can be held against it."""

from dataclasses import dataclass

from tree_sitter import Node

from tests.powershell.syntax import Call, text, walk


@dataclass(frozen=True)
class Signature:
    name: str
    parameters: frozenset[str]
    mandatory: frozenset[str]

    def complaints(self, call: Call) -> list[str]:
        given = {name.lower() for name in call.parameters}
        return [
            *(f"{self.name} has no -{name}" for name in sorted(given - self.parameters)),
            *(f"{self.name} wants -{name}" for name in sorted(self.mandatory - given)),
            *([f"{self.name} is given a value without a name"] if call.arguments else []),
        ]


def signatures(root: Node) -> list[Signature]:
    return [_signature(node) for node in walk(root) if node.type == "function_statement"]


def _signature(function: Node) -> Signature:
    name = next(text(node) for node in function.children if node.type == "function_name")
    parameters, mandatory = set(), set()
    for node in walk(function):
        if node.type == "script_parameter":
            variable = next(c for c in node.children if c.type == "variable")
            parameters.add(text(variable)[1:].lower())
            if "Mandatory" in text(node):
                mandatory.add(text(variable)[1:].lower())
    return Signature(name, frozenset(parameters), frozenset(mandatory))


def undefined(function: Node) -> set[str]:
    """Variables that are read in a function and set nowhere in it: strict mode would throw."""
    known = set(_AUTOMATIC) | _signature(function).parameters
    read = set()
    for node in walk(function):
        if node.type == "variable" and ":" not in text(node):
            read.add(text(node)[1:].strip("{}").lower())
        elif node.type == "left_assignment_expression":
            known.add(text(node).rpartition("$")[2].lower())
        elif node.type == "foreach_statement":
            loop = next((c for c in node.children if c.type == "variable"), None)
            known.add(text(loop)[1:].lower())
    return read - known


_AUTOMATIC = (
    "_",
    "args",
    "false",
    "host",
    "ismacos",
    "iswindows",
    "null",
    "pscmdlet",
    "pshome",
    "psscriptroot",
    "psversiontable",
    "true",
)

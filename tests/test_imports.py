"""Who may import whom: the rooms of the house, held against the code."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

HOUSE = Path(__file__).resolve().parent.parent / "service"
STANDARD = {"lark"}
ROOMS = {"sources", "matching", "mail", "store"}
DOORS = {"web", "cli", "schedule"}

# What each room may import of the house, itself and `domain` aside.
ALLOWED = {
    "domain": set(),
    "sources": set(),
    "matching": set(),
    "mail": set(),
    "store": {"resources"},
    "key_file": set(),
    "settings": {"key_file"},
    "resources": set(),
    "observe": set(),
    "demo": {"resources"},
    # The web that an installation fetches from is one of its values.
    "installation": {"mail", "resources", "settings", "sources", "store"},
    "intake": {"installation", "sources", "store"},
    "fetching": {"installation", "sources", "store"},
    "alongside": set(),
    "interpreter": set(),
    "packing": {"matching"},
    "printing": {"mail", "matching", "packing"},
    # What a topic found in a paper is marked where the letter is bound.
    "marks": {"mail", "matching"},
    "binding": {"mail", "marks"},
    "planning": {"mail", "matching", "printing", "store"},
    "pipeline": {
        "alongside", "delivering", "installation", "intake", "interpreter", "planning",
        "readers", *ROOMS,
    },
    "delivering": {"binding", "installation", "mail", "store"},
    "one_reader": {"binding", "installation", "mail", "pipeline", "readers", "store"},
    "archive": {"matching", "store"},
    "backtest": {"archive", "store"},
    "recent": {"interpreter", "archive", "store"},
    "sample": {"binding", "installation", "planning", "store"},
    "explain": {"mail", "matching", "store"},
    "copies": {"installation", "mail", "matching", "store"},
    # What a reader does with their subscription, from the way in to the way out.
    "readers": {"installation", "mail", "store"},
    "mailbox": {"installation", "mail", "readers"},
    "last_look": {"installation", "store"},
    "web": {
        "copies", "installation", "last_look", "mail", "one_reader", "pipeline", "readers",
        "recent", "resources", "sample", "store",
    },
    "schedule": {
        "fetching", "installation", "mailbox", "pipeline", "readers", "sources", "store",
    },
    "cli": {
        "backtest", "delivering", "demo", "explain", "fetching", "installation", "intake",
        "interpreter", "mail", "mailbox", "observe", "one_reader", "pipeline", "planning",
        "readers", "resources", "schedule", "settings", "sources", "store", "web",
    },
}  # fmt: skip


def modules() -> Iterator[tuple[str, Path]]:
    for path in sorted(HOUSE.rglob("*.py")):
        first = path.relative_to(HOUSE).parts[0].removesuffix(".py")
        if first != "__init__":
            yield first, path


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            module = node.module or ""
            names = [f"service.{name.name}" for name in node.names]
            yield from names if module == "service" else [module]


@pytest.mark.parametrize(("room", "path"), list(modules()), ids=str)
def test_a_room_imports_only_what_it_may(room: str, path: Path) -> None:
    for module in imported(path):
        top, _, rest = module.partition(".")
        if top == "service":
            assert rest.partition(".")[0] in {room, "domain", *ALLOWED[room]}, f"{path}: {module}"


def test_every_room_is_known() -> None:
    assert {room for room, _ in modules()} == set(ALLOWED)


def test_the_domain_needs_nothing_but_the_standard_library_and_the_grammar() -> None:
    import sys

    for room, path in modules():
        if room == "domain":
            for module in imported(path):
                top = module.partition(".")[0]
                assert top in sys.stdlib_module_names | STANDARD | {"service"}, f"{path}: {module}"


def test_rows_never_leave_the_store() -> None:
    for room, path in modules():
        if room != "store":
            assert not any("service.store.tables" in module for module in imported(path)), path


def test_no_file_grows_past_three_hundred_lines() -> None:
    for _, path in modules():
        assert len(path.read_text().splitlines()) <= 300, path

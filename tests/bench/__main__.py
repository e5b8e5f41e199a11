"""`python -m tests.bench [NAME] [OPTIONS]`: run one benchmark, or name those there are."""

import importlib
import pkgutil
import sys

import tests.bench


def main() -> None:
    names = [
        module.name
        for module in pkgutil.iter_modules(tests.bench.__path__)
        if not module.name.startswith("_")
    ]
    if len(sys.argv) < 2 or sys.argv[1] not in names:
        sys.exit(f"usage: python -m tests.bench NAME [OPTIONS]; NAME is one of {', '.join(names)}")
    name = sys.argv.pop(1)
    importlib.import_module(f"tests.bench.{name}").main()


main()

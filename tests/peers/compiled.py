"""SQL and templates compiled once a worker: otherwise each test would compile them all anew.

Neither library has a way of its own for this. SQLAlchemy finds a compiled statement by its dialect
and by all that its text depends on; an engine cannot be given the dialect of another, which holds
more of its engine's state than a test should share. Jinja's cache of bytecode knows a template by
name and source alone, not by whether its values are escaped. What a statement or a template does
is found out at every run of it, here as in a service that has run for a while.
"""

from typing import Any

import sqlalchemy
from jinja2 import Environment
from sqlalchemy import Engine
from sqlalchemy.engine.default import DefaultDialect

from service.store import engine

_statements: dict[Any, Any] = {}
_templates: dict[Any, Any] = {}
_compile = Environment.compile


def share() -> None:
    """Let all engines that the service makes share compiled statements, and all its installations
    compiled templates.

    A statement is found again by its dialect, of which every engine has its own: here all of one
    kind count as the same, as they are made with the same options.
    """
    DefaultDialect.__eq__ = lambda one, other: type(one) is type(other)  # type: ignore[method-assign]
    DefaultDialect.__hash__ = lambda one: hash(type(one))  # type: ignore[method-assign]
    engine.create_engine = _create_engine
    Environment.compile = _compile_once  # type: ignore[method-assign]


def _create_engine(*arguments: Any, **options: Any) -> Engine:
    made = sqlalchemy.create_engine(*arguments, **options)
    made.update_execution_options(compiled_cache=_statements)
    return made


def _compile_once(
    self: Environment,
    source: Any,
    name: str | None = None,
    filename: str | None = None,
    raw: bool = False,
) -> Any:
    escaped = self.autoescape(name) if callable(self.autoescape) else self.autoescape
    key = (source, name, filename, raw, escaped, self.trim_blocks, *sorted(self.filters))
    if key not in _templates:
        _templates[key] = _compile(self, source, name, filename, raw)
    return _templates[key]

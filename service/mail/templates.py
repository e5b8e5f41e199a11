"""Templates: ours, and an operator's own in the place of any of them."""

import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from jinja2 import (
    Environment,
    FileSystemLoader,
    StrictUndefined,
    TemplateNotFound,
    TemplateSyntaxError,
)


class TemplateMistake(ValueError):
    """A template that cannot be used; the message names its file, its line and what is wrong."""


class Templates:
    """The templates in `folders`, of which the first that has a file gives it.

    `autoescape` says, by a file's name, whether what stands in its slots is text for HTML.
    """

    def __init__(
        self,
        folders: Sequence[Path],
        *,
        autoescape: Callable[[str | None], bool],
        trim_blocks: bool = False,
        filters: Mapping[str, Callable[..., str]] | None = None,
    ) -> None:
        self._folders = folders
        self._jinja = Environment(
            loader=FileSystemLoader(folders),
            autoescape=autoescape,
            undefined=StrictUndefined,
            trim_blocks=trim_blocks,
            keep_trailing_newline=True,
            # Else each use of a template asks the disk whether it has changed.
            auto_reload=False,
        )
        self._jinja.filters |= filters or {}

    def render(self, name: str, context: Mapping[str, object]) -> str:
        """Return the template of that name with the context in it. Raises TemplateMistake."""
        try:
            return self._jinja.get_template(name).render(context)
        # A template may do anything that an expression can, and so fail in any way.
        except Exception as error:
            raise self._mistake(name, error) from error

    def _mistake(self, name: str, error: Exception) -> TemplateMistake:
        if isinstance(error, TemplateSyntaxError):
            place = f"{error.filename or error.name or name}, line {error.lineno}"
            return TemplateMistake(f"{place}: {error.message}")
        if isinstance(error, TemplateNotFound):
            return TemplateMistake(f"{self.file(name)}: there is no template {error.name}")
        # Jinja gives the lines of its templates to the frames of a traceback.
        roots = tuple(f"{folder}/" for folder in self._folders)
        for frame in reversed(traceback.extract_tb(error.__traceback__)):
            if frame.filename.startswith(roots):
                return TemplateMistake(f"{frame.filename}, line {frame.lineno}: {error}")
        return TemplateMistake(f"{self.file(name)}: {error}")

    def file(self, name: str) -> Path:
        """Return the file that gives the template of that name."""
        return file_of(self._folders, name)


def file_of(folders: Sequence[Path], name: str) -> Path:
    """Return the file of that name in the first folder that has it, else in the last."""
    candidates = [folder / name for folder in folders]
    return next((file for file in candidates if file.is_file()), candidates[-1])

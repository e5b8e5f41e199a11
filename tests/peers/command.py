"""The command `paperround`, run in this process or as one of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from service.cli.app import main

CHECKOUT = str(Path(__file__).resolve().parents[2])
PROGRAM = (sys.executable, "-c", "from service.cli.app import main; main()")


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended: its exit code, standard output and standard error."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON document that standard output holds."""
        return json.loads(self.out)


Paperround = Callable[..., Ran]


def paperround_of(capsys: pytest.CaptureFixture[str]) -> Paperround:
    """Return a function that runs the command with its arguments."""

    def paperround(*arguments: object) -> Ran:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        code = ended.value.code
        return Ran(code if isinstance(code, int) else int(code is not None), out, err)

    return paperround


def program(
    *arguments: str, encoding: str = "utf-8", **settings: str
) -> subprocess.CompletedProcess[bytes]:
    """Run the command as a process of its own, with pipes for a terminal.

    Of the environment it gets only the settings: those of the test, and these.
    """
    kept = {name: value for name, value in os.environ.items() if name.startswith("PAPERROUND_")}
    return subprocess.run(
        [*PROGRAM, *arguments],
        capture_output=True,
        check=False,
        env={
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": CHECKOUT,
            "PYTHONIOENCODING": encoding,
            "COLUMNS": "40",
        }
        | kept
        | settings,
    )

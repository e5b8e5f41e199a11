"""A wheel carries all it needs, and works outside the checkout."""

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest
from peers.command import CHECKOUT

BUILD = ("pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-index")


def run(*command: str | Path, folder: Path) -> str:
    """Run a program in `folder` with nothing of the checkout in its environment."""
    keep = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    done = subprocess.run(
        [str(word) for word in command],
        cwd=folder, env=keep, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a fresh environment with the built wheel in it."""
    folder = tmp_path_factory.mktemp("wheel")
    run(
        sys.executable, "-m", *BUILD, "--no-build-isolation", "--wheel-dir", folder, CHECKOUT,
        folder=folder,
    )  # fmt: skip
    (wheel,) = folder.glob("paperround-*.whl")
    venv.create(folder / "venv", with_pip=False, symlinks=True)
    own = folder / "venv" / "bin" / "python"
    site = run(own, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", folder=folder)
    run(
        sys.executable, "-m", "pip", "--python", own, "install", "--quiet", "--no-deps",
        "--no-index", "--disable-pip-version-check", wheel, folder=folder,
    )  # fmt: skip
    # Its dependencies are those that run this test; an editable install of the checkout among
    # them must not answer for the wheel, so only the folder is added, not its .pth files.
    libraries = sysconfig.get_path("purelib")
    Path(site.strip(), "libraries.pth").write_text(f"{libraries}\n")
    return own


def test_templates_and_migrations_come_from_the_wheel(python: Path, tmp_path: Path) -> None:
    for name in ("templates", "migrations"):
        shown = run(
            python, "-c", f"from service import resources; print(resources.folder('{name}'))",
            folder=tmp_path,
        )  # fmt: skip
        folder = Path(shown.strip())
        assert folder.is_relative_to(python.parent.parent)
        assert not folder.is_relative_to(CHECKOUT)
        in_checkout = {
            path.relative_to(Path(CHECKOUT, name))
            for path in Path(CHECKOUT, name).rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }
        in_wheel = {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
        assert in_checkout - in_wheel == set()


def test_the_demo_works_once_outside_the_checkout(python: Path, tmp_path: Path) -> None:
    command = python.parent / "paperround"
    told = run(command, "demo", "--once", folder=tmp_path)
    assert "3 letters planned, 3 sent" in told
    for email in ("ada@example.org", "grace@example.org", "emmy@example.org"):
        assert email in told
    assert list(tmp_path.iterdir()) == [], "the demo left something behind"


def test_an_installed_command_keeps_its_files_in_the_working_folder(
    python: Path, tmp_path: Path
) -> None:
    command = python.parent / "paperround"
    assert "Subscribers:  none" in run(command, "status", folder=tmp_path)
    assert {path.name for path in tmp_path.iterdir()} >= {"paperround.db", "paperround.key"}
    assert run(command, "--version", folder=tmp_path).startswith("paperround ")

"""A real PostgreSQL server in a temporary folder, for the tests."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def find_programs() -> Path | None:
    """Return the folder of initdb and pg_ctl, the newest version first; None without them."""
    if found := shutil.which("initdb"):
        return Path(found).parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name))
    return versions[-1] if versions else None


@contextmanager
def server(programs: Path, under: Path | None = None, *, durable: bool = False) -> Iterator[str]:
    """Run a server that listens on a Unix socket only; give its URL without a database.

    Its files are in a temporary folder `under` that one. Without fsync a crash of the machine
    loses data; a test outlives no such crash, and a `durable` server is as it is by default.
    PostgreSQL refuses to run as root: root hands it to the user `postgres`.
    """
    as_user = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
    folder = Path(tempfile.mkdtemp(prefix="paperround-pg-", dir=under))
    if as_user:
        owner = pwd.getpwnam("postgres")
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    data = folder / "data"

    def run(*command: str | Path) -> None:
        done = subprocess.run(
            [*as_user, *map(str, command)], capture_output=True, text=True, cwd=folder, check=False
        )
        assert done.returncode == 0, done.stderr or done.stdout

    try:
        run(programs / "initdb", "-D", data, "-U", "paperround", "-A", "trust", "--no-sync")
        fsync = "on" if durable else "off"
        options = f"-c listen_addresses= -k {folder} -c fsync={fsync} -c max_connections=200"
        run(programs / "pg_ctl", "-D", data, "-o", options, "-l", folder / "log", "-w", "start")
        yield f"postgresql://paperround@/{{database}}?host={folder}"
    finally:
        subprocess.run(
            [*as_user, str(programs / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop"],
            capture_output=True,
            cwd=folder,
            check=False,
        )
        shutil.rmtree(folder, ignore_errors=True)

"""Where tests keep their files: in memory where there is enough of it.

No test cuts the power, so that what a disk adds to one is waiting: most of the time of those that
write to a database.
"""

import os
import shutil
import tempfile
from pathlib import Path

_MEMORY = Path("/dev/shm")  # noqa: S108 - folders in it are made by mkdtemp
_ENOUGH = 4 * 1024**3


def folder() -> Path:
    """Return the folder to make temporary folders in."""
    if os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free >= _ENOUGH:
        return _MEMORY
    return Path(tempfile.gettempdir())

"""Where the files that travel with the package stand."""

from pathlib import Path


def folder(name: str) -> Path:
    """Return the folder `templates` or `migrations`: within an installed wheel, or beside
    `service/` in a checkout."""
    package = Path(__file__).resolve().parent
    packed = package / name
    return packed if packed.is_dir() else package.parent / name

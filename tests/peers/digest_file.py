"""Digest files for the tests, in the daily-papers format."""

import json
import os
import time
from pathlib import Path


def daily(*titles: str, abstract: str = "A made-up abstract.") -> bytes:
    """Return a digest file that holds papers of these titles."""
    return json.dumps(
        [
            {
                "paper": {
                    "id": f"2608.{sum(title.encode()) % 100_000:05}",
                    "title": title,
                    "summary": abstract,
                    "authors": [{"name": "Ada Example"}],
                    "publishedAt": "2026-08-20T00:00:00.000Z",
                    "upvotes": 3,
                }
            }
            for title in titles
        ]
    ).encode()


def put(folder: Path, name: str, *titles: str) -> Path:
    """Put a digest file of these papers into the folder, whole at once."""
    return put_bytes(folder, name, daily(*titles))


def put_bytes(folder: Path, name: str, data: bytes) -> Path:
    """Put a file into the folder, written a minute ago: nobody waits whether more will come."""
    folder.mkdir(exist_ok=True)
    draft = folder / f".{name}.draft"
    draft.write_bytes(data)
    written = time.time() - 60
    os.utime(draft, (written, written))
    return draft.rename(folder / name)

"""`paperround dkim`: the key that signs letters, and its record in the DNS."""

import os
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from service import settings
from service.cli.report import WorkFailed, notice, print_json, say
from service.installation import dkim_signer, house_of
from service.mail.dkim import DkimError, Signer, new_key, read_key
from service.settings import PREFIX

app = typer.Typer(help="Sign letters in your domain's name.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


class KeyType(StrEnum):
    RSA = "rsa"
    ED25519 = "ed25519"


@app.command()
def new(
    selector: Annotated[
        str, typer.Option(metavar="NAME", help="What tells this key from your other ones.")
    ] = "paperround",
    key_type: Annotated[
        KeyType, typer.Option("--type", help="rsa (2048 bits) is read everywhere.")
    ] = KeyType.RSA,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where the key goes (default: dkim-NAME.pem)."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a key, and print its DNS record and the settings that use it.

    The domain is PAPERROUND_DKIM_DOMAIN, else that of PAPERROUND_FROM. A file that exists is never
    overwritten.
    """
    chosen = settings.load()
    domain = chosen.dkim_domain or house_of(chosen).host
    file = (out or Path(f"dkim-{selector}.pem")).absolute()
    try:
        pem = new_key(key_type.value)
        signer = Signer(domain, selector, read_key(pem))
    except DkimError as error:
        raise typer.BadParameter(f"{error.field.replace('_', ' ')}: {error}") from None
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
            opened.write(pem)
    except FileExistsError:
        raise WorkFailed(f"{file} exists already, and a key is never overwritten.") from None
    lines = [
        f"{PREFIX}DKIM_DOMAIN={domain}",
        f"{PREFIX}DKIM_SELECTOR={selector}",
        f"{PREFIX}DKIM_KEY_FILE={file}",
    ]
    if as_json:
        print_json({"file": str(file), "settings": lines, **_record(signer)})
        return
    say(f"The key is in {file}: readable by you alone.\n")
    say("1. Put this record into the DNS:\n")
    _say_record(signer)
    say("\n2. Once it is there, set:\n")
    for line in lines:
        say(f"   {line}")
    say("\n3. See that it signs: paperround dkim check")


@app.command()
def check(as_json: AsJson = False) -> None:
    """See that the key of the settings signs, and print its DNS record.

    The DNS is not asked.
    """
    chosen = settings.load()
    signer = dkim_signer(chosen)
    if signer is None:
        raise WorkFailed(
            "Letters are not signed: PAPERROUND_DKIM_DOMAIN, PAPERROUND_DKIM_SELECTOR and "
            "PAPERROUND_DKIM_KEY_FILE are not set. paperround dkim new makes a key."
        )
    signer.signed(b"Subject: a trial\r\n\r\nLine.\r\n", datetime.now(UTC))
    host = house_of(chosen).host
    aligned = _related(host, signer.domain)
    if as_json:
        print_json({"signs": True, "aligned": aligned, **_record(signer)})
        return
    say(f"The key {chosen.dkim_key_file} ({signer.key_type}) signs. Its record in the DNS:\n")
    _say_record(signer)
    if not aligned:
        notice(
            f"Letters come from {host}: receivers that ask for DMARC count a signature of "
            f"{signer.domain} only if both belong to one domain."
        )


def _record(signer: Signer) -> dict[str, object]:
    return {
        "name": signer.record_name,
        "type": "TXT",
        "value": signer.record,
        "strings": signer.record_strings,
    }


def _say_record(signer: Signer) -> None:
    """Print a record as a zone file holds it."""
    say(f"   {signer.record_name}. IN TXT (")
    for piece in signer.record_strings:
        say(f'     "{piece}"')
    say("   )")


def _related(host: str, domain: str) -> bool:
    """Say whether one domain is the other, or lies within it."""
    here, there = f".{host.lower()}", f".{domain.lower()}"
    return here.endswith(there) or there.endswith(here)

"""`paperround demo`: the whole product on one machine, with nothing set up."""

import shutil
import tempfile
import threading
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from service import demo, pipeline, resources, settings
from service.cli.report import WorkFailed, print_table, say
from service.cli.serve import listen, serving, wait_for_signal
from service.demo.catcher import Catcher
from service.demo.inbox import inbox_app
from service.domain.policy import Result
from service.domain.readers import Preferences
from service.domain.wishes import wishes_of
from service.installation import Installation, open_installation
from service.mail.address import parse_address
from service.observe import set_up_logging
from service.readers import consent
from service.schedule import Schedule
from service.web.app import web_app

READERS = (
    (
        "ada@example.org",
        "Ada",
        ("coding agents", "test-time scaling", "retrieval augmented generation"),
    ),
    ("grace@example.org", "Grace", ("diffusion NOT language", "robots", "speech")),
    ("emmy@example.org", None, ()),
)


def add_to(app: typer.Typer) -> None:
    app.command("demo")(run_demo)


def run_demo(
    once: Annotated[bool, typer.Option("--once", help="Do one round, report, and end.")] = False,
    port: Annotated[
        int,
        typer.Option(metavar="PORT", help="The sign-up page's port; 0: any.", min=0, max=65535),
    ] = 8000,
    inbox_port: Annotated[
        int, typer.Option(metavar="PORT", help="The inbox's port; 0: any.", min=0, max=65535)
    ] = 8025,
) -> None:
    """Show it all with sample papers, readers and an inbox.

    Needs no settings, sends nothing beyond this machine, and leaves nothing behind.
    """
    set_up_logging("warning")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="paperround-demo-")))
        catcher = Catcher()
        catcher.start()
        stack.callback(catcher.stop)
        pages = listen("127.0.0.1", 0 if once else port)
        address = f"http://127.0.0.1:{pages.getsockname()[1]}"
        chosen = settings.load(
            database_url=f"sqlite:///{folder / 'paperround.db'}",
            smtp_url="smtp://{}:{}".format(*catcher.address),
            base_url=address,
            digest_dir=folder / "digests",
        )
        installation = stack.enter_context(open_installation(chosen))
        stack.enter_context(serving(web_app(installation, _now, at_once=True), pages))
        _do_the_round(installation, chosen.digest_dir, catcher)
        if once:
            return
        inbox = inbox_app(catcher, resources.folder("templates"), signup=address)
        inbox_address = stack.enter_context(serving(inbox, listen("127.0.0.1", inbox_port)))
        schedule = Schedule(installation, _now, tick_seconds=1, everyone=True)
        schedule.start()
        stack.callback(schedule.stop)
        say(f"\nSign up:  {address}\nInbox:    {inbox_address}")
        say("Sign up with any address, confirm in the inbox, and a letter follows. Ctrl-C ends.")
        wait_for_signal()


def _do_the_round(installation: Installation, digest_dir: Path, catcher: Catcher) -> None:
    began = time.monotonic()
    digest_dir.mkdir()
    sample = Path(demo.__file__).with_name("sample.json")
    shutil.copy(sample, digest_dir / f"{_now():%Y-%m-%d}.json")
    for email, name, topics in READERS:
        consent.add(
            installation,
            parse_address(email),
            wishes_of(topics),
            Preferences(max_papers=8, name=name),
            _now(),
            source="demo",
            vouched=True,
        )
    (report,) = pipeline.ingest(installation, [digest_dir], _now)
    made = pipeline.plan(installation, _now(), everyone=True)
    delivered = pipeline.deliver(installation, _now, threading.Event())
    say(
        f"{report.papers} papers taken in, {made.planned} letters planned, "
        f"{delivered.results[Result.ACCEPTED]} sent in {time.monotonic() - began:.1f} s:"
    )
    print_table(
        ("to", "subject"),
        [
            (", ".join(caught.rcpt_to), caught.headers()["Subject"])
            for caught in sorted(catcher.letters(), key=lambda caught: caught.rcpt_to)
        ],
    )
    if delivered.results[Result.ACCEPTED] != len(READERS):
        raise WorkFailed(f"Not every letter was sent: {delivered.halted or delivered.results}")


def _now() -> datetime:
    return datetime.now(UTC)

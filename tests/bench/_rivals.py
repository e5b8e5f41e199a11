"""What delivery is measured against, and the servers it is measured with."""

import asyncio
import json
import multiprocessing
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import aiosmtplib
import uvloop

SESSIONS = 10


def program(name: str) -> str | None:
    """Return the path of one of Postfix's programs, which are not for users."""
    return shutil.which(name, path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")


@contextmanager
def smtp_sink() -> Iterator[int]:
    """Run Postfix's smtp-sink, which takes everything; give its port."""
    port = _free_port()
    as_user = ["-u", "nobody"] if Path("/proc/self").stat().st_uid == 0 else []
    sink = subprocess.Popen([str(program("smtp-sink")), *as_user, f"127.0.0.1:{port}", "1000"])
    try:
        _await_port(port)
        yield port
    finally:
        sink.terminate()
        sink.wait()


@contextmanager
def late_sink(seconds: float) -> Iterator[int]:
    """Run a server that says everything so much later, as over a long way; give its port."""
    port = _free_port()
    server = multiprocessing.get_context("spawn").Process(target=_serve_late, args=(port, seconds))
    server.start()
    try:
        _await_port(port)
        yield port
    finally:
        server.terminate()
        server.join()


def smtp_source(port: int, letters: int, octets: int, sessions: int = SESSIONS) -> float:
    """Send letters with Postfix's own generator, over lasting sessions; return the seconds."""
    command = [str(program("smtp-source")), "-d", "-s", str(sessions), "-m", str(letters)]
    command += ["-l", str(octets), "-f", "paperround@example.org", "-t", "reader@example.org"]
    began = time.perf_counter()
    subprocess.run([*command, f"127.0.0.1:{port}"], check=True)
    return time.perf_counter() - began


def usual_loop(port: int, letters: int, make: Callable[[int], bytes]) -> float:
    """Make and send each letter by itself, a connection each; return the seconds."""

    async def send(numbers: Iterator[int]) -> None:
        for number in numbers:
            message = make(number)
            await aiosmtplib.send(
                message,
                sender="paperround@example.org",
                recipients=[f"reader{number}@example.org"],
                hostname="127.0.0.1",
                port=port,
                start_tls=False,
            )

    async def run() -> None:
        numbers = iter(range(letters))
        await asyncio.gather(*(send(numbers) for _ in range(SESSIONS)))

    began = time.perf_counter()
    asyncio.run(run())
    return time.perf_counter() - began


class Nodemailer:
    """nodemailer's pool (npm), with bytes that are ready, or composing text and HTML."""

    def __init__(self, text: str, html: str, raw: bytes) -> None:
        """Install it in a folder of its own. Raises RuntimeError with words where that fails."""
        node, npm = shutil.which("node"), shutil.which("npm")
        if node is None or npm is None:
            raise RuntimeError("node and npm are not installed here")
        self._node = node
        self._folder = Path(tempfile.mkdtemp(prefix="paperround-node-"))
        done = subprocess.run(
            [npm, "install", "--silent", "--no-audit", "--no-fund", "nodemailer"],
            cwd=self._folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"npm cannot install nodemailer: {done.stderr.strip()[:200]}")
        content = {"text": text, "html": html, "raw": raw.decode("latin-1")}
        (self._folder / "content.json").write_text(json.dumps(content))
        shutil.copy(Path(__file__).with_name("nodemailer.cjs"), self._folder)

    def send(self, port: int, letters: int, *, composing: bool) -> float:
        """Return the seconds it takes, without the start of node."""
        kind = "compose" if composing else "raw"
        arguments = [str(port), str(letters), str(SESSIONS), kind]
        done = subprocess.run(
            [self._node, "nodemailer.cjs", *arguments],
            cwd=self._folder, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return float(done.stdout)

    def close(self) -> None:
        shutil.rmtree(self._folder)


def _serve_late(port: int, seconds: float) -> None:
    uvloop.run(_serve(port, seconds))


async def _serve(port: int, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Late(seconds), "127.0.0.1", port)
    await server.serve_forever()


class _Late(asyncio.Protocol):
    """Takes every letter, and says each thing some time after it could have."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        self._read: list[bytes] = []
        self._in_body = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._say([b"220 late.example ESMTP\r\n"])

    def data_received(self, data: bytes) -> None:
        replies: list[bytes] = []
        self._read.append(data)
        if self._in_body and b"\r\n.\r\n" not in b"".join(self._read[-2:]):
            return
        unread = b"".join(self._read)
        while True:
            body, end, rest = unread.partition(b"\r\n.\r\n" if self._in_body else b"\r\n")
            if not end:
                break
            unread = rest
            if self._in_body:
                self._in_body = False
                replies.append(b"250 2.0.0 Ok\r\n")
                continue
            verb = body[:4].upper()
            self._in_body = verb == b"DATA"
            replies.append(_ANSWERS.get(verb, b"250 2.0.0 Ok\r\n"))
        self._read = [unread] if unread else []
        self._say(replies)

    def _say(self, replies: Sequence[bytes]) -> None:
        if replies:
            self._loop.call_later(self._seconds, self._transport.write, b"".join(replies))


_ANSWERS = {
    b"EHLO": b"250-late.example\r\n250-PIPELINING\r\n250 8BITMIME\r\n",
    b"DATA": b"354 Go on\r\n",
    b"QUIT": b"221 2.0.0 Bye\r\n",
}


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _await_port(port: int) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.05)
        else:
            return

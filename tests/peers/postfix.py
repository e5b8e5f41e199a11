"""A real Postfix in a temporary folder: it receives over TLS, with AUTH, into one folder."""

import base64
import os
import pwd
import shutil
import socket
import socketserver
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from pathlib import Path

import trustme

PROGRAMS = Path("/usr/lib/postfix/sbin")
USER, PASSWORD = "paperround", "a password: with % and @"

_MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
command_directory = /usr/sbin
daemon_directory = {programs}
mail_owner = postfix
setgid_group = postdrop
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mail.example.org
mydestination =
alias_maps =
alias_database =
virtual_mailbox_domains = example.org
virtual_mailbox_base = {folder}
virtual_mailbox_maps = static:mail/
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 1
smtpd_tls_security_level = {level}
smtpd_tls_chain_files = {folder}/certificate.pem
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = private/auth
smtpd_tls_auth_only = yes
smtpd_recipient_restrictions = permit_sasl_authenticated, reject
"""

_MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
postlog unix-dgram n - n - 1 postlogd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
"""


class _Passwords(socketserver.StreamRequestHandler):
    """What Dovecot is to Postfix: it says whether a password is right (AUTH PLAIN)."""

    def handle(self) -> None:
        self.wfile.write(
            b"VERSION\t1\t2\nMECH\tPLAIN\tplaintext\nSPID\t1\nCUID\t1\nCOOKIE\t00\nDONE\n"
        )
        for line in self.rfile:
            command, *words = line.decode().rstrip("\n").split("\t")
            if command != "AUTH":
                continue
            said = dict(word.partition("=")[::2] for word in words)
            right = base64.b64decode(said["resp"]) == f"\0{USER}\0{PASSWORD}".encode()
            answer = "OK" if right else "FAIL"
            self.wfile.write(f"{answer}\t{words[0]}\tuser={USER}\n".encode())


@dataclass(frozen=True, slots=True)
class Postfix:
    """A running Postfix: where it listens, and what it took in."""

    port: int
    folder: Path

    @property
    def log(self) -> str:
        path = self.folder / "log"
        return path.read_text() if path.exists() else ""

    def delivered(self) -> list[tuple[str, EmailMessage]]:
        """Return each letter in the mailbox folder with the recipient it was delivered to."""
        letters = []
        for path in (self.folder / "mail" / "new").glob("*"):
            message = BytesParser(EmailMessage, policy=default).parsebytes(path.read_bytes())
            letters.append((str(message["Delivered-To"]), message))
        return letters


def installed() -> bool:
    return (PROGRAMS / "master").exists()


@contextmanager
def running(certificate: trustme.LeafCert, *, tls: bool = True) -> Iterator[Postfix]:
    """Run a Postfix on loopback with this certificate, or as one that offers no STARTTLS."""
    folder = Path(tempfile.mkdtemp(prefix="paperround-postfix-"))
    folder.chmod(0o755)
    owner = pwd.getpwnam("postfix")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (folder / "certificate.pem").write_bytes(certificate.private_key_and_cert_chain_pem.bytes())
    level = "may" if tls else "none"
    names = {"folder": folder, "programs": PROGRAMS, "uid": owner.pw_uid, "gid": owner.pw_gid}
    (folder / "main.cf").write_text(_MAIN.format(level=level, **names))
    (folder / "master.cf").write_text(_MASTER.format(port=port))
    for name in ("data", "mail"):
        (folder / name).mkdir()
        os.chown(folder / name, owner.pw_uid, owner.pw_gid)
    (folder / "queue").mkdir()

    def control(verb: str) -> None:
        done = subprocess.run(
            ["postfix", "-c", folder, verb], capture_output=True, text=True, check=False
        )
        log = folder / "log"
        assert done.returncode == 0, done.stderr + (log.read_text() if log.exists() else "")

    try:
        control("start")
        auth = folder / "queue" / "private" / "auth"
        with socketserver.ThreadingUnixStreamServer(str(auth), _Passwords) as passwords:
            passwords.daemon_threads = True
            auth.chmod(0o666)
            threading.Thread(target=passwords.serve_forever, args=(0.05,), daemon=True).start()
            try:
                yield Postfix(port, folder)
            finally:
                control("stop")
                passwords.shutdown()
    finally:
        shutil.rmtree(folder, ignore_errors=True)

"""A time-stamping authority on this machine: openssl's `ts`, behind a real HTTP server."""

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from audit.log.timestamp import QUERY_TYPE, REPLY_TYPE, Roots, read_roots

_CONFIG = """
[req]
distinguished_name = dn
prompt = no
[dn]
CN = example
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
[between]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign
[stamp]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
[web]
basicConstraints = critical, CA:FALSE
extendedKeyUsage = critical, serverAuth
[tsa]
default_tsa = here
[here]
serial = {folder}/serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
accuracy = secs:1
ordering = yes
tsa_name = no
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


@dataclass
class Authority:
    """Keys and certificates of an authority: a root, one between, and the one that stamps."""

    folder: Path
    knows_between: bool = False
    """Whether whoever verifies is given the certificate between as well."""

    @property
    def roots_file(self) -> Path:
        """What a verifier is given."""
        file = self.folder / ("roots-and-between.pem" if self.knows_between else "root.crt")
        if not file.exists():
            names = ("root.crt", "between.crt")
            file.write_text("".join((self.folder / name).read_text() for name in names))
        return file

    @property
    def digest(self) -> str:
        """How a keyring names the certificate that stamps."""
        return next(iter(read_roots((self.folder / "stamp.crt").read_bytes()).digests))

    def holds(self, data: Path, token: Path) -> bool:
        """Whether `openssl ts -verify` believes the token over that file."""
        files = ["-data", str(data), "-in", str(token), "-CAfile", str(self.roots_file)]
        found = subprocess.run(
            ["openssl", "ts", "-verify", *files], check=False, capture_output=True
        )
        return found.returncode == 0

    @property
    def roots(self) -> Roots:
        """The same, read."""
        return read_roots(self.roots_file.read_bytes())

    def reply(self, question: bytes, *, chain: bool = True, signer: str = "stamp") -> bytes:
        """The answer of this authority; `chain`: with the certificate between in it."""
        asked, made = self.folder / "asked.tsq", self.folder / "made.tsr"
        asked.write_bytes(question)
        more = ["-chain", str(self.folder / "between.crt")] if chain else []
        _openssl(
            self.folder,
            *["ts", "-reply", "-queryfile", str(asked), "-config", str(self.folder / "c.cnf")],
            *["-section", "here", "-signer", f"{signer}.crt", "-inkey", f"{signer}.key"],
            *more,
            *["-out", str(made)],
        )
        return made.read_bytes()


def authority(folder: Path, *, between: bool = True) -> Authority:
    """A new authority; without `between` the root signs the one that stamps itself."""
    folder.mkdir(parents=True)
    (folder / "c.cnf").write_text(_CONFIG.format(folder=folder))
    (folder / "serial").write_text("01\n")
    _certificate(folder, "root", "ca", by=None)
    _certificate(folder, "between", "between", by="root")
    issuer = "between" if between else "root"
    _certificate(folder, "stamp", "stamp", by=issuer)
    _certificate(folder, "web", "web", by=issuer)
    return Authority(folder)


def _certificate(folder: Path, name: str, section: str, *, by: str | None) -> None:
    signed = ["-CA", f"{by}.crt", "-CAkey", f"{by}.key"] if by else []
    _openssl(
        folder,
        *["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"],
        *["-subj", f"/CN={name} {folder.name}", "-config", "c.cnf", "-extensions", section],
        *["-days", "3650", "-keyout", f"{name}.key", "-out", f"{name}.crt"],
        *signed,
    )


def _openssl(folder: Path, *words: str) -> None:
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)


class Server:
    """The authority over HTTP; a test says what it answers wrongly."""

    def __init__(self, of: Authority) -> None:
        self.authority = of
        self.chain = True
        self.signer = "stamp"
        self.status = 200
        self.instead: bytes | None = None
        self.asked: list[bytes] = []
        self.url = ""

    def answer(self, question: bytes) -> bytes:
        """What it says to the question."""
        self.asked.append(question)
        if self.instead is not None:
            return self.instead
        return self.authority.reply(question, chain=self.chain, signer=self.signer)


@contextmanager
def serving(of: Authority) -> Iterator[Server]:
    """The authority answers at `url` until the block ends."""
    server = Server(of)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.headers["Content-Type"] == QUERY_TYPE
            body = server.answer(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(server.status)
            self.send_header("Content-Type", REPLY_TYPE)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing is printed."""

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.url = f"http://127.0.0.1:{listening.server_port}/"
    thread = threading.Thread(target=listening.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        listening.shutdown()
        listening.server_close()
        thread.join()

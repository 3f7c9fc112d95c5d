"""The door's own key: it signs the acts of people, and the root says that it may (design §7)."""

import base64
import os
import stat
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from cases.bulk_orders import BulkOrder, OrderEnvelope, sign_order
from cases.canonical import canonical
from cases.envelope import Act, ActEnvelope, Certificate, issue_certificate, key_id, pae, sign_act
from cases.house_acts import HouseAct, sign_house_act
from cases.log_glass import GlassOrder, Signed, sign
from cases.personal import ENROLMENT_TYPE, Enrolment, PersonalKey
from cases.shred_note import ShredNote, sign_note
from cases.worker_keys import CertifiedWorker, WorkerCertificate, certify_worker
from gateway.errors import KeysUnusableError

ROOT_FILE = "root.pem"
DOOR_FILE = "door.pem"
SHORTEST, LONGEST = timedelta(hours=24), timedelta(days=30)
# An act is signed with the instant of the clock, a moment before or after another process read it.
_SKEW = timedelta(minutes=5)


@dataclass
class DoorSigner:
    """Signs acts; renews its certificate before it runs out, and a new key with it.

    The root key is beside the door's key here. Where it is kept elsewhere, somebody else issues
    the certificates and `root` is None: then an expired certificate stops the door.
    """

    door: Ed25519PrivateKey
    root_public: bytes
    root: Ed25519PrivateKey | None = None
    lifetime: timedelta = LONGEST
    certificate: Certificate | None = None
    not_before: datetime | None = None
    not_after: datetime | None = None

    def __post_init__(self) -> None:
        """The certificate's lifetime is within what the design allows."""
        if not SHORTEST <= self.lifetime <= LONGEST:
            raise KeysUnusableError("a door's certificate is valid for 24 hours to 30 days")

    @property
    def root_key(self) -> str:
        """The root's public key as a case's input pins it: base64."""
        return base64.b64encode(self.root_public).decode()

    @property
    def key_id(self) -> str:
        """The short name of the door's key."""
        return key_id(self.door.public_key().public_bytes_raw())

    def sign(self, act: Act) -> ActEnvelope:
        """The envelope, under a certificate that is valid at the act's own instant."""
        return sign_act(act, key=self.door, certificate=self.certificate_at(act.signed_at))

    def sign_order(self, order: BulkOrder) -> OrderEnvelope:
        """The same for an order over many cases."""
        certificate = self.certificate_at(order.signed_at)
        return sign_order(order, key=self.door, certificate=certificate)

    def sign_glass(self, order: GlassOrder) -> Signed:
        """The same for an order to go on without the transparency log."""
        certificate = self.certificate_at(order.signed_at)
        return sign(order, key=self.door, certificate=certificate)

    def sign_enrolment(self, key: PersonalKey) -> Enrolment:
        """The door's word on whose key it is, under a certificate valid when it was confirmed."""
        payload = canonical(key)
        signature = self.door.sign(pae(ENROLMENT_TYPE, payload))
        return Enrolment(
            payload=payload.decode(),
            signature=base64.b64encode(signature).decode(),
            certificate=self.certificate_at(key.confirmed_at),
        )

    def sign_house(self, act: HouseAct) -> ActEnvelope:
        """The same for an act that the doors themselves carry out."""
        certificate = self.certificate_at(act.signed_at)
        return sign_house_act(act, key=self.door, certificate=certificate)

    def sign_note(self, note: ShredNote) -> ActEnvelope:
        """The door's word that a key was destroyed."""
        return sign_note(note, key=self.door, certificate=self.certificate_at(note.at))

    def sign_worker(self, worker: CertifiedWorker) -> WorkerCertificate:
        """The door's word on a worker's key."""
        certificate = self.certificate_at(worker.issued_at)
        return certify_worker(worker, door=self.door, certificate=certificate)

    def certificate_at(self, at: datetime) -> Certificate:
        """A certificate valid at `at`; a fresh one when the present one does not cover it."""
        if self.certificate is not None and self._covers(at):
            return self.certificate
        if self.root is None:
            raise KeysUnusableError("the door's certificate is not valid at this instant")
        not_before, not_after = at - _SKEW, at - _SKEW + self.lifetime
        certificate = issue_certificate(
            self.root,
            self.door.public_key(),
            use="door",
            not_before=not_before,
            not_after=not_after,
        )
        self.certificate, self.not_before, self.not_after = certificate, not_before, not_after
        return certificate

    def certificate_for(self, public: Ed25519PublicKey, *, use: str, at: datetime) -> Certificate:
        """The root's word that another key of this gateway is what it is, for a day around `at`."""
        if self.root is None:
            raise KeysUnusableError(f"the root is not here: it must certify the key for {use}")
        return issue_certificate(
            self.root, public, use=use, not_before=at - _SKEW, not_after=at + SHORTEST
        )

    def _covers(self, at: datetime) -> bool:
        if self.not_before is None or self.not_after is None:
            return False
        return self.not_before <= at < self.not_after - _SKEW


def load_or_create_keys(folder: Path, *, lifetime: timedelta = LONGEST) -> DoorSigner:
    """The signer of this installation; its keys are made, files 0600, when there are none.

    The root key is never replaced silently: a folder with a door key and no root is an error.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    root_file, door_file = folder / ROOT_FILE, folder / DOOR_FILE
    if door_file.exists() and not root_file.exists():
        raise KeysUnusableError(f"{ROOT_FILE} is missing beside {DOOR_FILE}")
    root = read_or_create(root_file)
    door = read_or_create(door_file)
    return DoorSigner(
        door=door,
        root_public=root.public_key().public_bytes_raw(),
        root=root,
        lifetime=lifetime,
    )


def rotate_door_key(folder: Path, *, lifetime: timedelta = LONGEST) -> DoorSigner:
    """The signer with a new door key; the old file is kept as `door.<key id>.pem`."""
    before = load_or_create_keys(folder, lifetime=lifetime)
    (folder / DOOR_FILE).rename(folder / f"door.{before.key_id}.pem")
    return load_or_create_keys(folder, lifetime=lifetime)


def read_or_create(file: Path) -> Ed25519PrivateKey:
    """The private key in the file; a new one, readable by its owner only, when there is none."""
    if file.exists():
        return _read(file)
    key = Ed25519PrivateKey.generate()
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        out.flush()
        os.fsync(out.fileno())
    try:
        # A link appears whole or not at all, and never replaces what another process made first.
        os.link(draft, file)
    except FileExistsError:
        return _read(file)
    finally:
        draft.unlink()
    return key


def _read(file: Path) -> Ed25519PrivateKey:
    if stat.S_IMODE(file.stat().st_mode) & 0o077:
        raise KeysUnusableError(f"{file.name} can be read by others; its permissions must be 0600")
    try:
        key = load_pem_private_key(file.read_bytes(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeysUnusableError(f"{file.name} is not a private key") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeysUnusableError(f"{file.name} is not an Ed25519 key")
    return key

"""What stands in an export's README.txt."""

_TEXT = """\
Export of case {number}
=======================

This directory is the whole record of one case: what people decided, on which facts, when, and
what the system did. Treat it as you treat the case itself: payloads are in clear.

  report.html         the case, to be read and printed
  case.json           the case as it stood when this was written
  journal/case.jsonl  the case's own record, one entry a line, each with the hash of the one before
  journal/door.jsonl  the doors' record: what came in, and what was answered
  owed/               what the case owes after closing: for each its own record and histories
  history/            Temporal's history of every run, payloads opened, ids as they were: .json to
                      read and replay, .events the exact bytes of every event as it was sealed
                      (each after its length in four bytes, big endian)
  acts/               every signed act as a DSSE envelope, named by the SHA-256 of what was signed
  webauthn/           what people signed with their own keys: for each act a folder (below)
  certificates/       the root's word for the doors' keys, as DSSE envelopes
  runbooks/           the rules the case was bound to, by their SHA-256
  clocks.json         the clocks and calendars of those rules: any deadline is recomputed by them
  code/build.json     which code wrote this, and which workers the case ran on
  workers/certificates.json   where there is one: a door's word on the workers that wrote the
                      entries, to which build and runbooks each is certified, and for how long
  log/checkpoint      the transparency log's signed head; beside it, for each entry, the proof that
                      it is in there (C2SP tlog-proof: any tool that reads them can check them)
  opened/             of each entry every field with its salt, a line each: the leaf in the log is
                      {{"entry":"<SHA-256 over the sorted SHA-256 of the lines>","v":1}}
  log/checkpoint.tsr  where there is one: an authority's RFC 3161 time stamp over log/checkpoint
  keyring.note        where there is one: the root's word on which keys count, and for how long
  keyring.json        public keys: the root, the log's, and the certificates of doors that signed
  verify.sh           the checks that openssl and a shell can do
  manifest.json       every file's SHA-256; manifest.sig.json is the door's signature over it

Check it
--------
  escalate audit verify EXPORT --keys ROOT.json         everything, strict replay included
  escalate-verify EXPORT --keys ROOT.json               without Temporal, all but the replay

EXPORT is this folder, or the tar of it that `escalate audit export --tar` writes. ROOT.json holds
the root's and the log's public key, which you must have from somewhere else than from here
(`escalate keys public` prints it):
  {{"root": "<base64 of 32 bytes>", "log": "<name>+<hash>+<base64>"}}

The answer is PASS (exit code 0), FAIL (1), or INCOMPLETE (2): something could not be checked, for
instance because the case is not closed, because entries are not in the log yet or because no key
was given. --policy FILE (C2SP tlog-policy) asks for your witnesses' cosignatures, --tsa-roots FILE
for a time stamp that you believe. Without --keys the export vouches for itself only, and the
answer is never PASS.

Without our program
-------------------
  sh verify.sh --root ROOT --log LOG
needs OpenSSL 3 and POSIX tools, has the same three exit codes, and says what it does not check.
Do not run the copy in an export that you do not trust; take the script from escalate's source.

  sha256sum of a file is its "sha256" in manifest.json.
  Each line of a .jsonl file has in "previous" the SHA-256 of the line before (without line end).
  openssl ts -verify -data log/checkpoint -in log/checkpoint.tsr -CAfile ROOTS.pem
  log/checkpoint is a C2SP signed note, with its witnesses' lines (cosignature/v1); a proof's
  "extra" line is the leaf, base64.
  What a person signed with their own key (webauthn/ACT/), in that folder:
    openssl dgst -sha256 -verify key.pem -signature signature.bin signed.bin
    (an Ed25519 key: openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in signed.bin
    -sigfile signature.bin); signed.bin is authenticator-data.bin and the SHA-256 of
    client-data.json, whose "challenge" is base64url of the SHA-256 of statement.json.
  Who derived a batch of entries: in history/*.json each activity append_journal has in its
    payload's metadata "worker" (base64) eight bytes that name a worker's key and its Ed25519
    signature over "DSSEv1 43 application/vnd.escalate.journal-batch+json <len> <bytes>" of the
    payload's "data"; the key stands in workers/certificates.json.
  Signatures are Ed25519 over DSSE's encoding: "DSSEv1 <len> <type> <len> <bytes>".
"""


def readme(number: str) -> str:
    """The text, for that case."""
    return _TEXT.format(number=number)

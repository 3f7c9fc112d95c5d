#!/bin/sh
# Checks an export of escalate with OpenSSL 3 and what POSIX has: no Python, nothing of ours.
#
#   sh verify.sh [--root BASE64] [--log NAME+HASH+BASE64] [DIRECTORY]
#
# Exit code 0: everything named below holds under the keys you gave. 1: something does not.
# 2: nothing is wrong, and something could not be checked; without keys the export vouches for itself.
#
# Do not run the copy inside an export that you do not trust: whoever altered the one could have
# altered the other. Take the script from the source, or read these lines first.
set -u
LC_ALL=C
# Nothing of this machine's own configuration decides what a signature is.
OPENSSL_CONF=/dev/null
export LC_ALL OPENSSL_CONF

root= log= dir=
while [ $# -gt 0 ]; do
  case $1 in
    --root) root=${2-}; shift 2 || exit 2 ;;
    --log) log=${2-}; shift 2 || exit 2 ;;
    -*) echo "usage: sh verify.sh [--root BASE64] [--log VKEY] [DIRECTORY]" >&2; exit 2 ;;
    *) dir=$1; shift ;;
  esac
done
if [ -z "$dir" ]; then dir=$(dirname "$0"); fi
cd "$dir" || exit 2
for tool in openssl awk sed sort find cut tr wc head tail cmp od xargs paste diff; do
  command -v "$tool" >/dev/null 2>&1 || { echo "this needs $tool" >&2; exit 2; }
done
case $(openssl version) in
  "OpenSSL 3"* | "OpenSSL 4"*) ;;
  *) echo "this needs OpenSSL 3 or newer" >&2; exit 2 ;;
esac
work=$(mktemp -d "${TMPDIR:-/tmp}/verify.XXXXXX") || exit 2
trap 'rm -rf "$work"' EXIT
trap 'exit 2' HUP INT TERM

wrong=0 open=0
bad() { wrong=1; printf 'FAIL        %s\n' "$1"; }
unsure() { open=1; printf 'INCOMPLETE  %s\n' "$1"; }
good() { printf 'PASS        %s\n' "$1"; }
finish() {
  echo "not checked here: strict replay, votes against the rules, the seals of histories, the order"
  echo "  of instants, delegations and directories; escalate audit verify checks those"
  if [ "$wrong" -ne 0 ]; then echo "FAIL"; exit 1; fi
  if [ "$open" -ne 0 ]; then echo "INCOMPLETE"; exit 2; fi
  echo "PASS"; exit 0
}

# ── bytes ──────────────────────────────────────────────────────────────────────────────────────────
# Hexadecimal to bytes: printf knows octal, and nothing else that every shell shares.
unhex() {
  printf "$(printf '%s' "$1" | awk 'BEGIN { d = "0123456789abcdef" }
    { for (i = 1; i < length($0); i += 2) {
        v = (index(d, substr($0, i, 1)) - 1) * 16 + index(d, substr($0, i + 1, 1)) - 1
        printf "\\%03o", v } }')"
}
hex() { od -An -v -tx1 "$1" | tr -d ' \n'; }
sha() { openssl dgst -sha256 -r "$1" | cut -c1-64; }
unbase64() { printf '%s' "$1" | openssl base64 -d -A; }
# The field of a JSON file in its one spelling, where the value is plain base64, hex or a name.
field() { sed -n 's/.*"'"$2"'":"\([A-Za-z0-9+/=.:_-]*\)".*/\1/p' "$1"; }

# public key (base64 of 32 bytes) -> a key that openssl reads
public() {
  { unhex 302a300506032b6570032100; unbase64 "$1"; } >"$2"
  [ "$(wc -c <"$2")" -eq 44 ]
}
# key file, message file, signature (base64)
signed() {
  unbase64 "$3" >"$work/sig" 2>/dev/null
  [ "$(wc -c <"$work/sig")" -eq 64 ] &&
    openssl pkeyutl -verify -pubin -keyform DER -inkey "$1" -rawin -in "$2" \
      -sigfile "$work/sig" >/dev/null 2>&1
}
# DSSE's encoding of type and payload file
pae() {
  printf 'DSSEv1 %s %s %s ' "${#1}" "$1" "$(wc -c <"$2" | tr -d ' ')"
  cat "$2"
}

# ── what is there ──────────────────────────────────────────────────────────────────────────────────
if [ -n "$(find . ! -type f ! -type d | head -n 1)" ]; then bad "links or devices are in it"; fi
if [ -f redacted.json ]; then unsure "it is a redacted bundle: escalate-verify reads those"; finish; fi
for needed in manifest.json manifest.sig.json keyring.json journal/case.jsonl journal/door.jsonl; do
  [ -f "$needed" ] || { bad "$needed: missing"; finish; }
done
if [ -n "$(find . -type f | sed 's,^\./,,' | grep -v '^[A-Za-z0-9_][A-Za-z0-9._+/-]*$' | head -n 1)" ]; then
  bad "a file has a name that an export never uses"; finish
fi
# The last "files" of the manifest is the list; every entry is {"sha256":"…","size":n}.
sed 's/.*,"files":{//; s/}},.*/}/' manifest.json | tr '}' '\n' |
  sed -n 's/^,\{0,1\}"\([^"]*\)":{"sha256":"\([0-9a-f]\{64\}\)","size":\([0-9]*\)$/\1 \2 \3/p' |
  sort >"$work/told"
find . -type f | sed 's,^\./,,' | grep -v -x -e manifest.json -e manifest.sig.json | sort >"$work/names"
cut -d' ' -f1 "$work/told" >"$work/listed"
if ! cmp -s "$work/names" "$work/listed"; then
  bad "files: the manifest names others than there are"
else
  # No name has a blank or a quote in it: that was looked at above.
  xargs openssl dgst -sha256 -r <"$work/names" | sed 's/^\([0-9a-f]*\) \*\(.*\)/\2 \1/' | sort >"$work/sums"
  while read -r name; do wc -c <"$name" | tr -d ' '; done <"$work/names" >"$work/sizes"
  paste -d ' ' "$work/sums" "$work/sizes" >"$work/found"
  if cmp -s "$work/found" "$work/told"; then good "files: $(wc -l <"$work/found" | tr -d ' ') as the manifest says"
  else bad "files: $(diff "$work/told" "$work/found" | sed -n 's/^> \([^ ]*\).*/\1/p' | head -n 3 | tr '\n' ' ')altered"; fi
fi

# ── keys ───────────────────────────────────────────────────────────────────────────────────────────
own=$(field keyring.json root)
if [ -z "$root" ]; then unsure "root: no key was given, so the export vouches for itself"; root=$own
elif [ "$root" != "$own" ]; then bad "root: the export rests on another root key than yours"; finish; fi
public "$root" "$work/root.der" || { bad "root: no Ed25519 key"; finish; }
ownlog=$(field keyring.json log)
if [ -n "$log" ] && [ "$log" != "$ownlog" ]; then
  bad "log: the export rests on another log than yours"; log=
elif [ -z "$log" ]; then unsure "log: no key was given, so the log vouches for itself"; log=$ownlog; fi

# ── certificates: the root's word for the doors' keys ──────────────────────────────────────────────
mkdir "$work/keys"
payload() { unbase64 "$(field "$1" payload)" >"$2" 2>/dev/null; }
number=0
for file in certificates/*.dsse.json; do
  [ -f "$file" ] || continue
  payload "$file" "$work/payload"
  kind=$(field "$file" payloadType)
  pae application/vnd.escalate.certificate+json "$work/payload" >"$work/pae"
  if [ "$kind" = application/vnd.escalate.certificate+json ] &&
    signed "$work/root.der" "$work/pae" "$(field "$file" sig)" &&
    [ "$(field "$work/payload" use)" = door ]; then
    id=$(field "$work/payload" key_id)
    case $id in *[!0-9a-f]* | "") bad "$file: names no key"; continue ;; esac
    public "$(field "$work/payload" public_key)" "$work/keys/$id.der" || bad "$file: no Ed25519 key"
    field "$work/payload" not_before >"$work/keys/$id.from"
    field "$work/payload" not_after >"$work/keys/$id.until"
    number=$((number + 1))
  else bad "$file: the root did not sign it"; fi
done
[ "$number" -gt 0 ] && good "certificates: $number signed by the root"

# An instant within the time a key is certified for; to the second, which is how they compare as text.
within() {
  awk -v at="$(printf %.19s "$1")" -v from="$(head -c 19 "$work/keys/$2.from")" \
    -v until="$(head -c 19 "$work/keys/$2.until")" 'BEGIN { exit !(at >= from && at < until) }'
}

# ── the manifest ───────────────────────────────────────────────────────────────────────────────────
id=$(sed -n 's/.*\\"key_id\\":\\"\([0-9a-f]*\)\\".*/\1/p' manifest.sig.json)
sig=$(sed -n 's/.*},"signature":"\([A-Za-z0-9+/=]*\)","type".*/\1/p' manifest.sig.json)
pae application/vnd.escalate.export-manifest+json manifest.json >"$work/pae"
if [ -f "$work/keys/$id.der" ] && signed "$work/keys/$id.der" "$work/pae" "$sig"; then
  at=$(field manifest.json created_at)
  if within "$at" "$id"; then good "manifest: signed by a door"
  else bad "manifest: the door's key was not valid when it was written"; fi
else bad "manifest: no certified door signed it"; fi

# ── acts ───────────────────────────────────────────────────────────────────────────────────────────
number=0 before=$wrong
for file in acts/*.dsse.json; do
  [ -f "$file" ] || continue
  number=$((number + 1))
  payload "$file" "$work/payload"
  id=$(field "$file" keyid)
  pae application/vnd.escalate.act+json "$work/payload" >"$work/pae"
  if [ "$(field "$file" payloadType)" != application/vnd.escalate.act+json ] ||
    [ "$file" != "acts/$(sha "$work/payload").dsse.json" ]; then bad "$file: not what its name says"
  elif [ ! -f "$work/keys/$id.der" ] || ! signed "$work/keys/$id.der" "$work/pae" "$(field "$file" sig)"; then
    bad "$file: no certified door signed it"
  elif ! within "$(sed -n 's/.*"signed_at":"\([0-9TZ:.+-]*\)".*/\1/p' "$work/payload")" "$id"; then
    bad "$file: the door's key was not valid then"
  elif ! grep -q '"case":"'"$(field manifest.json case)"'"' "$work/payload"; then
    bad "$file: signed for another case"
  fi
done
[ "$before" -eq "$wrong" ] && good "acts: $number signed by certified doors"

# ── the journal: each line names the hash of the one before ────────────────────────────────────────
before=$wrong
find journal owed -name '*.jsonl' 2>/dev/null | sort >"$work/streams"
while read -r stream; do
  rm -rf "$work/line"; mkdir "$work/line"
  awk -v to="$work/line" '{ f = sprintf("%s/%09d", to, NR); printf "%s", $0 > f; close(f) }' "$stream"
  { echo 0000000000000000000000000000000000000000000000000000000000000000
    find "$work/line" -type f | sort | xargs openssl dgst -sha256 -r 2>/dev/null | cut -c1-64
  } >"$work/hashes"
  sed 's/.*,"previous":"\([0-9a-f]\{64\}\)",.*/\1/' "$stream" >"$work/previous"
  count=$(wc -l <"$stream" | tr -d ' ')
  head -n "$count" "$work/hashes" >"$work/expected"
  cmp -s "$work/previous" "$work/expected" || bad "$stream: a line does not follow the one before"
  expected=$(tail -n 1 "$work/hashes")
  case $stream in
    journal/case.jsonl) head=case_head ;;
    journal/door.jsonl) head=door_head ;;
    *) continue ;;
  esac
  grep -q "\"$head\":{\"hash\":\"$expected\",\"sequence\":$count}" manifest.json ||
    bad "$stream: does not end where the manifest says"
done <"$work/streams"
[ "$before" -ne "$wrong" ] || good "journal: $(wc -l <"$work/streams" | tr -d ' ') unbroken chains"

# ── the log: a C2SP signed note and a proof of every entry ─────────────────────────────────────────
if [ ! -f log/checkpoint ]; then
  unsure "log: no checkpoint is in it"; finish
fi
before=$wrong
origin=$(head -n 1 log/checkpoint)
size=$(sed -n 2p log/checkpoint)
rootb64=$(sed -n 3p log/checkpoint)
rest=${log#*+}
keyhash=${rest%%+*} keyb64=${rest#*+}
head -n 3 log/checkpoint >"$work/text"
unbase64 "$keyb64" >"$work/logkey"
line=$(sed -n 5p log/checkpoint)
printf '%s\n\001' "$origin" >"$work/named"
tail -c 32 "$work/logkey" >>"$work/named"
case $size in "" | *[!0-9]*) bad "log: the checkpoint has no size"; finish ;; esac
if [ "$(wc -c <"$work/logkey")" -ne 33 ] || [ "$(head -c 1 "$work/logkey" | od -An -tx1 | tr -d ' \n')" != 01 ] ||
  [ "$(sha "$work/named" | cut -c1-8)" != "$keyhash" ]; then bad "log: no Ed25519 note key"; finish; fi
[ "${log%%+*}" = "$origin" ] || { bad "log: the checkpoint is of another log"; finish; }
# Further lines may be witnesses'; of the log's own there is one. A line: dash, name, base64 of hash and signature.
printf '\342\200\224 %s ' "$origin" >"$work/dash"
sigs=$(tail -n +5 log/checkpoint | while IFS= read -r line; do
  case $line in "$(cat "$work/dash")"*) printf '%s\n' "${line##* }" ;; esac; done)
found=0
for each in $sigs; do
  unbase64 "$each" >"$work/noted"
  [ "$(head -c 4 "$work/noted" | od -An -tx1 | tr -d ' \n')" = "$keyhash" ] || continue
  tail -c +5 "$work/noted" >"$work/notesig"
  { unhex 302a300506032b6570032100; tail -c 32 "$work/logkey"; } >"$work/log.der"
  if signed "$work/log.der" "$work/text" "$(openssl base64 -A -in "$work/notesig")"; then found=$((found + 1))
  else bad "log: its signature under the checkpoint does not hold"; fi
done
[ "$found" -gt 0 ] || bad "log: no signature of the log under its checkpoint"
[ -z "$(sed -n 4p log/checkpoint)" ] || bad "log: the checkpoint is no note"
[ "$before" -eq "$wrong" ] && good "checkpoint: $size leaves, signed by the log"
unbase64 "$rootb64" >"$work/treeroot"

# A step of a path as bytes; neighbours share most of theirs, so each is decoded once.
mkdir "$work/steps"
step() {
  key=$1
  while :; do case $key in */*) key=${key%%/*}_${key#*/} ;; *) break ;; esac; done
  into=$work/steps/$key
  if [ ! -f "$into" ]; then
    unbase64 "$1" >"$into"
    [ "$(wc -c <"$into")" -eq 32 ] || return 1
  fi
}
# The hash over two nodes goes where the one before the last stood.
node() {
  if [ "$at" = "$work/one" ]; then up=$work/other; else up=$work/one; fi
  { printf '\001'; cat "$1" "$2"; } | openssl dgst -sha256 -binary >"$up"
  at=$up
}
# RFC 9162 §2.1.3.2: the index, then the path on standard input; whether it leads from $at to the root
climb() {
  here=$1 last=$((size - 1))
  while IFS= read -r line; do
    [ "$last" -ne 0 ] && step "$line" || return 1
    if [ $((here % 2)) -eq 1 ] || [ "$here" -eq "$last" ]; then
      node "$into" "$at"
      while [ $((here % 2)) -eq 0 ] && [ "$here" -ne 0 ]; do here=$((here / 2)) last=$((last / 2)); done
    else node "$at" "$into"; fi
    here=$((here / 2)) last=$((last / 2))
  done
  [ "$last" -eq 0 ] && cmp -s "$at" "$work/treeroot"
}

# ── every opened entry is a leaf, and every leaf is in the tree ────────────────────────────────────
before=$wrong
number=0 unproven=0
mkdir "$work/entry"
find opened -name '*.fields' 2>/dev/null | sort >"$work/opened"
: >"$work/proofs"
while read -r file; do
  stream=${file#opened/}
  stream=${stream%.fields}
  rm -rf "$work/entry"; mkdir "$work/entry"
  awk -v to="$work/entry" '/^entry [1-9][0-9]*$/ { out = sprintf("%s/%09d", to, $2); n = 0; next }
    { n++; f = sprintf("%s.%04d", out, n); printf "%s", $0 > f; close(f) }' "$file"
  for first in "$work"/entry/*.0001; do
    [ -f "$first" ] || continue
    each=${first%.0001}
    sequence=$(printf '%s' "${each##*/}" | sed 's/^0*//')
    proof="log/$stream/$sequence.tlog-proof"
    if [ ! -f "$proof" ]; then unproven=$((unproven + 1)); continue; fi
    echo "$proof" >>"$work/proofs"
    digests=$(openssl dgst -sha256 -r "$each".* | cut -c1-64 | sort | tr -d '\n')
    unhex "$digests" >"$work/over"
    printf '{"entry":"%s","v":1}' "$(sha "$work/over")" >"$work/leaf"
    number=$((number + 1))
    version= extra= index=
    { IFS= read -r version; IFS= read -r extra; IFS= read -r index; } <"$proof"
    if [ "$version" != c2sp.org/tlog-proof@v1 ]; then bad "$proof: no proof"; continue; fi
    # What took effect before the log had it says so beside its entry, and is no other.
    unbase64 "${extra#extra }" | sed 's/,"late":"[0-9a-f]\{64\}",/,/' >"$work/told" 2>/dev/null
    if cmp -s "$work/told" "$work/leaf"; then unbase64 "${extra#extra }" >"$work/leaf"; fi
    if [ "$extra" != "extra $(openssl base64 -A -in "$work/leaf")" ]; then
      bad "$proof: the log has another entry there"; continue; fi
    number_of=${index#index }
    case $number_of in
      "" | *[!0-9]* | 0?* | ???????????????????*) bad "$proof: no proof"; continue ;;
    esac
    if [ "$index" != "index $number_of" ] || [ "$number_of" -ge "$size" ]; then bad "$proof: no proof"; continue; fi
    awk -v path="$work/path" -v under="$work/under" 'BEGIN { printf "" > path; printf "" > under }
      NR < 4 { next } !below && $0 == "" { below = 1; next } { print > (below ? under : path) }' "$proof"
    # What a shell reads has a last line whether or not it ends.
    { [ -z "$(tail -c 1 "$proof")" ] && cmp -s "$work/under" log/checkpoint; } || { bad "$proof: under another checkpoint"; continue; }
    at=$work/one
    { printf '\000'; cat "$work/leaf"; } | openssl dgst -sha256 -binary >"$at"
    climb "$number_of" <"$work/path" || bad "$proof: leads to another root"
  done
done <"$work/opened"
find log -name '*.tlog-proof' | sort >"$work/allproofs"
sort "$work/proofs" >"$work/seen"
cmp -s "$work/allproofs" "$work/seen" || bad "log: a proof of something that is not opened"
if [ "$unproven" -gt 0 ]; then unsure "log: $unproven entries are not in it yet"; fi
# What is opened is what the journal says: each line, put together again from the values, less its salt.
find opened -name '*.fields' | sort | xargs awk '
  function out() { if (n) printf "{\"at\":%s,\"body\":{%s},\"case\":%s,\"kind\":%s,\"previous\":%s,\"sequence\":%s,\"stream\":%s,\"v\":%s}\n",
    v["at"], body, v["case"], v["kind"], v["previous"], v["sequence"], v["stream"], v["v"]; body = ""; n = 0; split("", v) }
  /^entry [1-9][0-9]*$/ || FNR == 1 { out(); if (/^entry /) next }
  { rest = substr($0, 70); at = index(rest, "\","); path = substr(rest, 1, at - 1)
    value = substr(rest, at + 2, length(rest) - at - 2); n++
    if (path ~ /^body\./) body = body (body == "" ? "" : ",") "\"" substr(path, 6) "\":" value
    else v[path] = value }
  END { out() }' | sort -u >"$work/rebuilt"
sed 's/,"salt":"[0-9a-f]*"\(,"sequence":[0-9]*,"stream":"[^"]*","v":[0-9]*}\)$/\1/' journal/*.jsonl | sort -u >"$work/lines"
cmp -s "$work/rebuilt" "$work/lines" || bad "opened: other entries than the journal has"
[ "$before" -eq "$wrong" ] && good "log: $number entries are in it, each with its fields"
finish

// Verifies the transparency log of an escalate export, or a whole log, with golang.org/x/mod/sumdb.
//
//	verify VKEY bundle DIRECTORY   checkpoint, every proof, every opened entry of an export
//	verify VKEY log DIRECTORY      checkpoint and every entry bundle (C2SP tlog-tiles)
//
// Nothing here was written with our own verifier at hand: it reads what C2SP's specifications and
// docs/bundle.md say. Exit code 0: holds. 1: does not. 2: holds as far as it goes, and entries are not
// in the log yet.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

var late = regexp.MustCompile(`,"late":"[0-9a-f]{64}",`)

var errUnproven = errors.New("entries are not in the log yet")

func main() {
	if len(os.Args) != 4 || (os.Args[2] != "bundle" && os.Args[2] != "log") {
		fmt.Fprintln(os.Stderr, "usage: verify VKEY bundle|log DIRECTORY")
		os.Exit(1)
	}
	check := checkBundle
	if os.Args[2] == "log" {
		check = checkLog
	}
	said, err := check(os.Args[1], os.Args[3])
	if errors.Is(err, errUnproven) {
		fmt.Println("INCOMPLETE", said, err)
		os.Exit(2)
	}
	if err != nil {
		fmt.Println("FAIL", err)
		os.Exit(1)
	}
	fmt.Println("PASS", said)
}

// head opens the note under the key that was given, and reads the tree it is the head of.
func head(vkey string, data []byte) (tlog.Tree, error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return tlog.Tree{}, err
	}
	opened, err := note.Open(data, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[3] != "" || lines[0] != verifier.Name() {
		return tlog.Tree{}, errors.New("checkpoint: another origin, or more than three lines")
	}
	size, err := number(lines[1])
	if err != nil {
		return tlog.Tree{}, err
	}
	root, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: root}, err
}

func checkBundle(vkey, folder string) (string, error) {
	checkpoint, err := os.ReadFile(filepath.Join(folder, "log", "checkpoint"))
	if err != nil {
		return "", err
	}
	tree, err := head(vkey, checkpoint)
	if err != nil {
		return "", err
	}
	leaves, err := opened(filepath.Join(folder, "opened"))
	if err != nil {
		return "", err
	}
	proven, last := map[string]int64{}, map[string]int64{}
	err = filepath.WalkDir(filepath.Join(folder, "log"), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path == filepath.Join(folder, "log", "checkpoint") {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(filepath.Join(folder, "log"), path)
		place := strings.TrimSuffix(filepath.ToSlash(name), ".tlog-proof")
		leaf, ok := leaves[place]
		if !ok {
			return fmt.Errorf("%s: proves nothing that is opened", name)
		}
		stream, sequence, err := split(place)
		if err != nil {
			return err
		}
		proven[place], last[stream] = sequence, max(last[stream], sequence)
		if err := proves(data, leaf, checkpoint, tree); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	if err := complete(leaves, proven, last); err != nil {
		return "", err
	}
	said := fmt.Sprintf("%d of %d entries under a tree of %d", len(proven), len(leaves), tree.N)
	if len(proven) < len(leaves) {
		return said, errUnproven
	}
	return said, nil
}

// complete finds what was withheld: entries go to the log in the order of their stream, so nothing
// before a proven one may lack a proof. And salts make every leaf its own.
func complete(leaves map[string][]byte, proven, last map[string]int64) error {
	seen := map[string]string{}
	for place, leaf := range leaves {
		if other, ok := seen[string(leaf)]; ok {
			return fmt.Errorf("%s and %s: one leaf", place, other)
		}
		seen[string(leaf)] = place
		if _, ok := proven[place]; ok {
			continue
		}
		stream, sequence, err := split(place)
		if err != nil {
			return err
		}
		if sequence < last[stream] {
			return fmt.Errorf("%s: no proof, and what follows it is in the log", place)
		}
	}
	return nil
}

// split tells an entry's stream from its number in it.
func split(place string) (string, int64, error) {
	at := strings.LastIndex(place, "/")
	sequence, err := number(place[at+1:])
	return place[:max(at, 0)], sequence, err
}

// proves reads a C2SP tlog-proof and checks it against the tree.
func proves(data, leaf, checkpoint []byte, tree tlog.Tree) error {
	top, under, found := bytes.Cut(data, []byte("\n\n"))
	if !found || !bytes.Equal(under, checkpoint) {
		return errors.New("under another checkpoint")
	}
	lines := strings.Split(string(top), "\n")
	if len(lines) < 3 || lines[0] != "c2sp.org/tlog-proof@v1" {
		return errors.New("not a proof")
	}
	extra, ok := strings.CutPrefix(lines[1], "extra ")
	raw, err := base64.StdEncoding.Strict().DecodeString(extra)
	// What took effect before the log had it says so beside its entry, and is no other.
	if bytes.Equal(late.ReplaceAll(raw, []byte(",")), leaf) {
		leaf = raw
	}
	if !ok || err != nil || !bytes.Equal(raw, leaf) || base64.StdEncoding.EncodeToString(raw) != extra {
		return errors.New("the log has another entry there")
	}
	text, ok := strings.CutPrefix(lines[2], "index ")
	if !ok {
		return errors.New("no index")
	}
	index, err := number(text)
	if err != nil {
		return err
	}
	var path tlog.RecordProof
	for _, line := range lines[3:] {
		step, err := tlog.ParseHash(line)
		if err != nil || step.String() != line {
			return errors.New("not a hash")
		}
		path = append(path, step)
	}
	return tlog.CheckRecord(path, tree.N, tree.Hash, index, tlog.RecordHash(leaf))
}

// opened works out the leaf of every entry from the bytes of its fields.
func opened(folder string) (map[string][]byte, error) {
	leaves := map[string][]byte{}
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(folder, path)
		stream := strings.TrimSuffix(filepath.ToSlash(name), ".fields")
		if !bytes.HasSuffix(data, []byte("\n")) {
			return fmt.Errorf("%s: ends in the middle of a line", name)
		}
		var digests [][]byte
		current := ""
		for _, line := range append(strings.Split(strings.TrimSuffix(string(data), "\n"), "\n"), "entry ") {
			if sequence, ok := strings.CutPrefix(line, "entry "); ok {
				if current != "" {
					leaves[stream+"/"+current] = leafOver(digests)
				}
				current, digests = sequence, nil
				continue
			}
			digest := sha256.Sum256([]byte(line))
			digests = append(digests, digest[:])
		}
		return nil
	})
	return leaves, err
}

func leafOver(digests [][]byte) []byte {
	sort.Slice(digests, func(a, b int) bool { return bytes.Compare(digests[a], digests[b]) < 0 })
	return []byte(fmt.Sprintf(`{"entry":"%x","v":1}`, sha256.Sum256(bytes.Join(digests, nil))))
}

// checkLog recomputes the whole tree from its entry bundles.
func checkLog(vkey, folder string) (string, error) {
	checkpoint, err := os.ReadFile(filepath.Join(folder, "checkpoint"))
	if err != nil {
		return "", err
	}
	tree, err := head(vkey, checkpoint)
	if err != nil {
		return "", err
	}
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		hashes := make([]tlog.Hash, len(indexes))
		for at, index := range indexes {
			if index >= int64(len(stored)) {
				return nil, errors.New("a hash is missing")
			}
			hashes[at] = stored[index]
		}
		return hashes, nil
	})
	for first := int64(0); first < tree.N; first += 256 {
		width := min(tree.N-first, 256)
		tile := tlog.Tile{H: 8, L: -1, N: first / 256, W: int(width)}
		// x/mod spells tile/8/data/…; C2SP leaves the height out and calls them entries.
		path := strings.Replace(tile.Path(), "tile/8/data/", "tile/entries/", 1)
		data, err := os.ReadFile(filepath.Join(folder, filepath.FromSlash(path)))
		if err != nil {
			return "", err
		}
		for index := first; index < first+width; index++ {
			if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
				return "", fmt.Errorf("%s: ends within an entry", path)
			}
			length := 2 + int(binary.BigEndian.Uint16(data))
			hashes, err := tlog.StoredHashes(index, data[2:length], reader)
			if err != nil {
				return "", err
			}
			stored, data = append(stored, hashes...), data[length:]
		}
		if len(data) != 0 {
			return "", fmt.Errorf("%s: more than its entries", path)
		}
	}
	root, err := tlog.TreeHash(tree.N, reader)
	if err != nil {
		return "", err
	}
	if root != tree.Hash {
		return "", errors.New("the entries are not those of the checkpoint")
	}
	return fmt.Sprintf("%d entries", tree.N), nil
}

func number(text string) (int64, error) {
	value, err := strconv.ParseInt(text, 10, 64)
	if err != nil || value < 0 || strconv.FormatInt(value, 10) != text {
		return 0, errors.New("not a number")
	}
	return value, nil
}

package secrets

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"sync"

	"github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/cmd/sops/common"
	"github.com/getsops/sops/v3/cmd/sops/formats"
	"github.com/getsops/sops/v3/config"
	"github.com/getsops/sops/v3/logging"
	"go.yaml.in/yaml/v3"
)

// A file is one that SOPS understood.
type file struct {
	name  string
	store common.Store
	tree  sops.Tree
}

// quiet keeps SOPS from logging: it writes to standard error, and quotes text
// of files.
var quiet = sync.OnceFunc(func() { logging.SetLevel(0) })

func defaultStore(name string) common.Store {
	return common.DefaultStoreForPath(config.NewStoresConfig(), name)
}

// load reads an encrypted file. A nil store is the one for its name.
func load(name string, text []byte, store common.Store) (*file, error) {
	quiet()
	if store == nil {
		store = defaultStore(name)
	}
	format := formats.FormatForPath(name)
	if format == formats.Binary { // encrypted, it is JSON
		if format = formats.Json; len(text) <= Limit && !json.Valid(text) {
			return nil, fmt.Errorf("open %s: %w", name, ErrPlain)
		}
	}
	if err := bounded(format, name, text); err != nil {
		return nil, err
	}
	tree, err := calm(name, func() (sops.Tree, error) { return store.LoadEncryptedFile(text) })
	switch {
	case errors.Is(err, sops.MetadataNotFound):
		return nil, fmt.Errorf("open %s: %w", name, ErrPlain)
	case errors.Is(err, errPanic):
		return nil, err
	case err != nil && !Encrypted(name, text):
		return nil, fmt.Errorf("open %s: %w", name, ErrPlain)
	case err != nil:
		return nil, fmt.Errorf("open %s: what SOPS needs to decrypt it, the key %q, is damaged: restore the file", name, metadataKey)
	}
	f := &file{name: name, store: store, tree: tree}
	f.tree.FilePath, _ = filepath.Abs(name)
	if n := tree.Metadata.MasterKeyCount(); n > maxKeys {
		return nil, fmt.Errorf("open %s: it is encrypted for %d keys, and at most %d are tried", name, n, maxKeys)
	}
	if err := patterns(tree.Metadata); err != nil {
		return nil, fmt.Errorf("open %s: its metadata says that %w", name, err)
	}
	return f, nil
}

// loadPlain reads the plain text of a file.
func loadPlain(name string, text []byte, store common.Store) (sops.TreeBranches, error) {
	quiet()
	if err := bounded(formats.FormatForPath(name), name, text); err != nil {
		return nil, err
	}
	branches, err := calm(name, func() (sops.TreeBranches, error) { return store.LoadPlainFile(text) })
	switch {
	case errors.Is(err, errPanic):
		return nil, err
	case err != nil:
		return nil, unreadable(name, store, err)
	case len(branches) == 0:
		return nil, fmt.Errorf("read %s: it is empty, so there is nothing to encrypt", name)
	case store.HasSopsTopLevelKey(branches[0]):
		return nil, fmt.Errorf("read %s: it has a key %q, under which SOPS keeps its own: call that key something else", name, metadataKey)
	}
	return branches, nil
}

// maxKeys bounds the keys of a file: a program may run for each.
const maxKeys = 200

// maxPattern bounds patterns: SOPS compiles them anew for every key of a file.
const maxPattern = 1000

// patterns checks those that say what to encrypt. SOPS takes one that does not
// compile as one that never matches, and would encrypt nothing.
func patterns(m sops.Metadata) error {
	for _, p := range []string{m.EncryptedRegex, m.UnencryptedRegex, m.EncryptedCommentRegex, m.UnencryptedCommentRegex} {
		if len(p) > maxPattern {
			return fmt.Errorf("a pattern of %d characters tells what to encrypt, and at most %d are used", len(p), maxPattern)
		}
		if _, err := regexp.Compile(p); err != nil {
			return fmt.Errorf("the pattern %q tells what to encrypt, and it is none: %w", p, err)
		}
	}
	return nil
}

// bounded refuses text that would make SOPS use more time, memory or stack
// than its size warrants, and text of which SOPS would drop a part.
func bounded(format formats.Format, name string, text []byte) error {
	if len(text) > Limit {
		return tooLarge(name)
	}
	switch format {
	case formats.Yaml:
		return boundedYAML(name, text)
	case formats.Json: // SOPS would take half an object for a whole one
		if !json.Valid(text) {
			return fmt.Errorf("read %s: it is not one JSON object; the text is not shown, as it may be a secret", name)
		}
	}
	return nil
}

// maxMap bounds the keys of one map: to find those that are there twice, what
// reads YAML for SOPS compares each with each.
const maxMap = 20_000

// fewNodes may always come of aliases.
const fewNodes = 100_000

func boundedYAML(name string, text []byte) error {
	d := yaml.NewDecoder(bytes.NewReader(text))
	for {
		var doc yaml.Node
		switch err := d.Decode(&doc); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return unreadable(name, nil, err)
		}
		s := sizes{known: map[*yaml.Node]int{}}
		if n := s.of(&doc); n < 0 || n > max(fewNodes, 2*len(text)) {
			return fmt.Errorf("read %s: its aliases (*name) blow it up, or lead round in circles: write out what they stand for", name)
		}
		if s.widest > maxMap {
			return fmt.Errorf("read %s: a map in it has %d keys, and at most %d are read", name, s.widest, maxMap)
		}
	}
}

// sizes tells how many nodes there are once all aliases are replaced.
type sizes struct {
	known  map[*yaml.Node]int
	widest int // keys of the map that has most
}

// of returns the size of a node, -1 when there is no end to it.
func (s *sizes) of(n *yaml.Node) int {
	if size, ok := s.known[n]; ok {
		return size
	}
	s.known[n] = -1 // until it is known, it contains itself
	size := 1
	if n.Kind == yaml.MappingNode {
		s.widest = max(s.widest, len(n.Content)/2)
	}
	next := n.Content
	if n.Alias != nil {
		next = []*yaml.Node{n.Alias}
	}
	for _, c := range next {
		inner := s.of(c)
		if inner < 0 {
			return -1
		}
		size = min(size+inner, 1<<30)
	}
	s.known[n] = size
	return size
}

var lineNumber = regexp.MustCompile(`line (\d+)`)

// unreadable says that text could not be read, without quoting it as the
// parsers do.
func unreadable(name string, store common.Store, err error) error {
	format := "yaml"
	if store != nil {
		format = store.Name()
	}
	where := ""
	if m := lineNumber.FindStringSubmatch(err.Error()); m != nil {
		where = ", line " + m[1]
	}
	return fmt.Errorf("read %s%s: it cannot be read as %s; the text is not shown, as it may be a secret", name, where, format)
}

var errPanic = errors.New("SOPS gave up on it: the file is damaged; restore it")

// calm turns a panic of SOPS, which malicious input can cause, into an error.
// What it panicked with is not told: it may be text of the file.
func calm[T any](name string, do func() (T, error)) (v T, err error) {
	defer func() {
		if recover() != nil {
			err = fmt.Errorf("open %s: %w", name, errPanic)
		}
	}()
	return do()
}

// until runs what SOPS does, which knows no context, and stops waiting for it
// when ctx ends.
func until[T any](ctx context.Context, name string, do func() (T, error)) (T, error) {
	type result struct {
		v   T
		err error
	}
	done := make(chan result, 1)
	go func() {
		v, err := calm(name, do)
		done <- result{v, err}
	}()
	select {
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	case r := <-done:
		return r.v, r.err
	}
}

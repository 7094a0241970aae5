package patch

import (
	"encoding/json"
	"hash/maphash"
	"slices"
	"strconv"

	"github.com/tiphys-dev/tiphys/lint/manifest"
)

// An Operation is one step of a JSON Patch.
type Operation struct {
	// Op is add, replace or remove.
	Op string
	// Path is a JSON Pointer.
	Path string
	// Value is what is added, or put in the place of what is there.
	Value *manifest.Node
}

// Diff returns the steps that turn a into b, in the order in which they must be
// taken; nil if the two mean the same. What is new is added as a whole at the
// place of the first thing that is missing. Items of a list are compared one by
// one, and those that came or went between others are found. It takes linear time.
func Diff(a, b *manifest.Node) []Operation {
	d := differ{}
	d.node(a, b)
	return d.out
}

type differ struct {
	out    []Operation
	path   []byte
	seed   maphash.Seed
	hashes map[*manifest.Node]uint64 // once a list has another length
}

// add notes an operation at the path, or at one more step from it.
func (d *differ) add(op string, value *manifest.Node, step []byte) {
	d.out = append(d.out, Operation{op, string(d.path) + string(step), value})
}

func (d *differ) node(a, b *manifest.Node) {
	switch {
	case a == b:
	case a == nil || b == nil || !alike(a.Kind, b.Kind) || a.Kind < manifest.List && a.Value != b.Value:
		d.add("replace", b, nil)
	case a.Kind == manifest.Map:
		d.object(a, b)
	case a.Kind == manifest.List:
		d.list(a.Children, b.Children)
	}
}

// alike reports whether JSON has one type for two kinds.
func alike(a, b manifest.Kind) bool {
	return a == b || isNumber(a) && isNumber(b)
}

func isNumber(k manifest.Kind) bool { return k == manifest.Int || k == manifest.Float }

// fewKeys is up to where looking at all keys beats hashing them.
const fewKeys = 16

// fields finds the values of a map by key; most often a key stands where it
// stood before.
type fields struct {
	all    []*manifest.Node
	byName map[string]*manifest.Node
}

func (f *fields) find(key string, near int) *manifest.Node {
	if near < len(f.all) && f.all[near].Key.Value == key {
		return f.all[near]
	}
	if len(f.all) <= fewKeys {
		for _, v := range f.all {
			if v.Key.Value == key {
				return v
			}
		}
		return nil
	}
	if f.byName == nil {
		f.byName = make(map[string]*manifest.Node, len(f.all))
		for _, v := range f.all {
			f.byName[v.Key.Value] = v
		}
	}
	return f.byName[key]
}

func (d *differ) object(a, b *manifest.Node) {
	old, now := fields{all: a.Children}, fields{all: b.Children}
	for i, v := range a.Children {
		at := len(d.path)
		d.path = appendKey(d.path, v.Key.Value)
		if w := now.find(v.Key.Value, i); w != nil {
			d.node(v, w)
		} else {
			d.add("remove", nil, nil)
		}
		d.path = d.path[:at]
	}
	for i, w := range b.Children {
		if old.find(w.Key.Value, i) == nil {
			d.add("add", w, appendKey(nil, w.Key.Value))
		}
	}
}

func (d *differ) item(i int, a, b *manifest.Node) {
	at := len(d.path)
	d.path = appendIndex(d.path, i)
	d.node(a, b)
	d.path = d.path[:at]
}

// mostAhead bounds how far a list is searched for the item that comes next.
const mostAhead = 16

// list goes through two lists side by side. Where they differ in length, it is
// tried whether items came or went before it is taken that one has changed.
func (d *differ) list(a, b []*manifest.Node) {
	i, j := 0, 0
	for i < len(a) && j < len(b) {
		switch surplus := (len(a) - i) - (len(b) - j); {
		case surplus > 0:
			for range d.ahead(a[i:], b[j], surplus) {
				d.add("remove", nil, appendIndex(nil, j))
				i++
			}
		case surplus < 0:
			for range d.ahead(b[j:], a[i], -surplus) {
				d.add("add", b[j], appendIndex(nil, j))
				j++
			}
		}
		d.item(j, a[i], b[j])
		i, j = i+1, j+1
	}
	for k := len(a) - 1; k >= i; k-- {
		d.add("remove", nil, appendIndex(nil, j+k-i))
	}
	for ; j < len(b); j++ {
		d.add("add", b[j], []byte("/-"))
	}
}

// ahead returns how many items of a list, at most surplus, come before n; 0 if
// n is not found.
func (d *differ) ahead(list []*manifest.Node, n *manifest.Node, surplus int) int {
	h := d.hash(n)
	for k := range min(surplus, mostAhead) + 1 {
		if d.hash(list[k]) == h {
			return k
		}
	}
	return 0
}

// hash is the same for trees that mean the same. It only guides: two trees that
// have the same by chance are compared all the same.
func (d *differ) hash(n *manifest.Node) uint64 {
	if h, ok := d.hashes[n]; ok {
		return h
	}
	if d.hashes == nil {
		d.hashes, d.seed = map[*manifest.Node]uint64{}, maphash.MakeSeed()
	}
	kind := n.Kind
	if isNumber(kind) {
		kind = manifest.Int
	}
	h := maphash.String(d.seed, n.Value) ^ uint64(kind)
	for i, c := range n.Children {
		const prime = 1099511628211
		if c.Key != nil {
			h += (maphash.String(d.seed, c.Key.Value) ^ d.hash(c)*prime) * prime
		} else {
			h = (h ^ d.hash(c)) * prime
		}
		h += uint64(min(i, 1))
	}
	d.hashes[n] = h
	return h
}

// appendKey adds a step to a JSON Pointer.
func appendKey(path []byte, key string) []byte {
	path = append(path, '/')
	for i := range len(key) {
		switch c := key[i]; c {
		case '~':
			path = append(path, "~0"...)
		case '/':
			path = append(path, "~1"...)
		default:
			path = append(path, c)
		}
	}
	return path
}

func appendIndex(path []byte, i int) []byte {
	return strconv.AppendInt(append(path, '/'), int64(i), 10)
}

// JSON encodes a JSON Patch: [] for one without steps.
func JSON(all []Operation) []byte {
	out := []byte{'['}
	for i, o := range all {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, `{"op":"`...)
		out = append(out, o.Op...)
		out = append(out, `","path":`...)
		out = appendString(out, o.Path)
		if o.Op != "remove" {
			out = append(out, `,"value":`...)
			out = AppendJSON(out, o.Value)
		}
		out = append(out, '}')
	}
	return append(out, ']')
}

// AppendJSON adds a tree as JSON, its keys in their order.
func AppendJSON(out []byte, n *manifest.Node) []byte {
	if n == nil {
		return append(out, "null"...)
	}
	switch n.Kind {
	case manifest.Null:
		return append(out, "null"...)
	case manifest.String:
		return appendString(out, n.Value)
	case manifest.List, manifest.Map:
		ends := "[]"
		if n.Kind == manifest.Map {
			ends = "{}"
		}
		out = append(out, ends[0])
		for i, c := range n.Children {
			if i > 0 {
				out = append(out, ',')
			}
			if c.Key != nil {
				out = append(appendString(out, c.Key.Value), ':')
			}
			out = AppendJSON(out, c)
		}
		return append(out, ends[1])
	}
	return append(out, n.Value...)
}

func appendString(out []byte, s string) []byte {
	if !slices.ContainsFunc([]byte(s), func(c byte) bool { return c < ' ' || c >= 0x7f || c == '"' || c == '\\' }) {
		return append(append(append(out, '"'), s...), '"')
	}
	b, err := json.Marshal(s)
	if err != nil { // a string always has a form in JSON
		return append(out, `""`...)
	}
	return append(out, b...)
}

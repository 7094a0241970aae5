package release

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"sort"

	"helm.sh/helm/v3/pkg/chart"
	helm "helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/releaseutil"
	"sigs.k8s.io/yaml"

	"github.com/tiphys-dev/tiphys/packaging/taint"
)

// never looks for values that must not be in records.
type never struct {
	values []needle
	all    []string // short ones too
}

type needle struct {
	key   string
	forms [][]byte // as it is, and within longer base64, also of base64
	// block is the value without the indentation of its lines, when it has
	// several: in a manifest they are indented.
	block []byte
}

func newNever(all []Never) *never {
	n := &never{}
	for _, v := range all {
		n.all = append(n.all, string(v.Value))
		if len(v.Value) < ShortestNever {
			continue
		}
		one := needle{key: v.Key, forms: inBase64(v.Value)}
		for _, once := range one.forms { // as a password is in the data of a registry's Secret
			one.forms = append(one.forms, inBase64(once)...)
		}
		one.forms = append(one.forms, v.Value)
		if trimmed := bytes.TrimSpace(v.Value); bytes.Contains(trimmed, []byte("\n")) {
			one.block = unindented(trimmed)
		}
		n.values = append(n.values, one)
	}
	return n
}

// inBase64 returns what the base64 of any text that holds value must hold: it
// may start at each of three places in a group.
func inBase64(value []byte) [][]byte {
	var forms [][]byte
	for shift := range 3 {
		// Bytes before and after share characters with those of the value.
		padded := append(bytes.Repeat([]byte{0}, shift), value...)
		whole := len(padded) / 3 * 4
		first := []int{0, 2, 3}[shift]
		for _, e := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
			form := []byte(e.EncodeToString(padded))[first:whole]
			if len(forms) == 0 || !bytes.Equal(forms[len(forms)-1], form) {
				forms = append(forms, form)
			}
		}
	}
	return forms
}

func unindented(text []byte) []byte {
	var b bytes.Buffer
	for line := range bytes.Lines(text) {
		b.Write(bytes.TrimLeft(line, " \t"))
	}
	return b.Bytes()
}

// in returns the key of a value that is in text.
func (n *never) in(text []byte) (string, bool) {
	var flat []byte
	for _, v := range n.values {
		for _, form := range v.forms {
			if bytes.Contains(text, form) {
				return v.key, true
			}
		}
		if v.block == nil {
			continue
		}
		if flat == nil {
			flat = unindented(text)
		}
		if bytes.Contains(flat, v.block) {
			return v.key, true
		}
	}
	return "", false
}

// mask hides the values in what is printed, also short ones.
func (n *never) mask(text string) string {
	if n == nil {
		return text
	}
	return taint.Mask(n.all)(text)
}

// check refuses a record that holds one of the values anywhere. What must not
// be written is found before that by whoever made the Spec; this is the last
// guard.
func (n *never) check(r *helm.Release) error {
	return n.look(r, parts)
}

// checkNews looks only at what changes of a record that was checked.
func (n *never) checkNews(r *helm.Release) error { return n.look(r, news) }

func (n *never) look(r *helm.Release, at func(*helm.Release) []part) error {
	if n == nil || len(n.values) == 0 {
		return nil
	}
	for _, p := range at(r) {
		key, found := n.in(p.text)
		if !found {
			for _, leaf := range p.leaves {
				if key, found = n.in([]byte(leaf)); found {
					break
				}
			}
		}
		if found {
			return refuse("the decrypted value of %q would be kept in the record of the release, in %s, where everybody who may read it finds it for %d revisions and more: "+
				"let it stand in data or stringData of a Secret only", key, p.where, DefaultHistoryMax)
		}
	}
	return nil
}

// A part of a record is one text of it, with the leaves if it is YAML: there a
// value may be written with escapes.
type part struct {
	where  string
	text   []byte
	leaves []string
}

func news(r *helm.Release) []part {
	return []part{
		{where: "the notes", text: []byte(r.Info.Notes)},
		{where: "its description", text: []byte(r.Info.Description)},
		{where: "the labels", text: []byte(fmt.Sprint(r.Labels))},
	}
}

func parts(r *helm.Release) []part {
	all := append(news(r), part{where: "the values", leaves: leaves(r.Config, nil)}, part{where: "its name", text: []byte(r.Name + " " + r.Namespace)})
	for _, doc := range documents(r.Manifest) {
		all = append(all, part{where: "the manifest of " + title(doc), text: []byte(doc), leaves: leavesOf(doc)})
	}
	for _, h := range r.Hooks {
		all = append(all, part{where: "the hook " + h.Kind + " " + h.Name, text: []byte(h.Manifest), leaves: leavesOf(h.Manifest)})
	}
	return append(all, chartParts(r.Chart)...)
}

func chartParts(c *chart.Chart) []part {
	if c == nil {
		return nil
	}
	all := []part{{where: "the values of the chart", leaves: leaves(c.Values, nil)}, {where: "the schema of the chart", text: c.Schema}}
	if m, err := yaml.Marshal(c.Metadata); err == nil {
		all = append(all, part{where: "Chart.yaml", text: m})
	}
	for _, files := range [][]*chart.File{c.Templates, c.Files} {
		for _, f := range files {
			all = append(all, part{where: "the file " + f.Name + " of the chart", text: f.Data})
		}
	}
	return all
}

// documents splits a manifest, in its order.
func documents(manifest string) []string {
	split := releaseutil.SplitManifests(manifest)
	keys := make([]string, 0, len(split))
	for k := range split {
		keys = append(keys, k)
	}
	sort.Sort(releaseutil.BySplitManifestsOrder(keys))
	docs := make([]string, 0, len(keys))
	for _, k := range keys {
		docs = append(docs, split[k])
	}
	return docs
}

// title names the object in a document.
func title(doc string) string {
	var head struct {
		Kind     string
		Metadata struct{ Name string }
	}
	if err := yaml.Unmarshal([]byte(doc), &head); err != nil || head.Kind == "" {
		return "an object"
	}
	return head.Kind + " " + head.Metadata.Name
}

func leavesOf(doc string) []string {
	var v any
	if err := yaml.Unmarshal([]byte(doc), &v); err != nil {
		return nil
	}
	return leaves(v, nil)
}

// leaves appends all keys and scalars in v.
func leaves(v any, to []string) []string {
	switch v := v.(type) {
	case nil:
	case map[string]any:
		for k, e := range v {
			to = leaves(e, append(to, k))
		}
	case []any:
		for _, e := range v {
			to = leaves(e, to)
		}
	default:
		to = append(to, fmt.Sprint(v))
	}
	return to
}

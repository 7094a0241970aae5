// Package deploy puts together what a chart becomes in an environment, and
// checks it before it goes there: rendered, linted, every finding led back to
// the line that a person wrote, and no secret outside of a Secret.
package deploy

import (
	"context"
	"errors"
	"fmt"
	"path"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/tiphys-dev/tiphys/packaging/environment"
	"github.com/tiphys-dev/tiphys/packaging/render"
	"github.com/tiphys-dev/tiphys/packaging/secrets"
	"github.com/tiphys-dev/tiphys/packaging/taint"
)

// A Layer is one file of values, the weaker first.
type Layer struct {
	Name string
	// Text is the file as it lies on disk; encrypted values are readable by key.
	Text []byte
}

// Inputs are the values that a chart is rendered with, three times the same:
// only what stands for the encrypted ones differs.
type Inputs struct {
	// Sealed has the ciphertext in place of encrypted values. It is what may be
	// recorded. Files is the same without what the command line set.
	Sealed, Files map[string]any
	// Planted has canaries, which Planter knows.
	Planted map[string]any
	Planter *taint.Planter
	// Open has the decrypted values. It is nil when nothing was decrypted.
	Open map[string]any
	// Hidden are the decrypted values, for the guard of the record.
	Hidden []Hidden
	// Encrypted reports whether there is any encrypted value.
	Encrypted bool

	mask func(string) string // of Hidden; nil until it is needed
}

// Hidden is a decrypted value, as text. Inner is set for one that stands in the
// text of another, such as JSON: templates may take it out of there,
// and no canary goes that way.
type Hidden struct {
	Path, Value string
	Inner       bool
}

// A Decrypt returns the plaintext of a file, whose MAC was verified.
type Decrypt func(ctx context.Context, name string, text []byte) ([]byte, error)

// ErrClosed is what a Decrypt returns for a file that stays closed: there is no
// key for it here, and that is no mistake.
var ErrClosed = errors.New("the file stays encrypted")

// Read reads layers and what the command line sets. Without decrypt, Open stays
// nil when something is encrypted. The error names the file, and quotes nothing
// of it.
func Read(ctx context.Context, layers []Layer, sets render.Sets, decrypt Decrypt, file func(string) ([]byte, error)) (*Inputs, error) {
	in := &Inputs{Planter: &taint.Planter{}}
	var sealed, planted, open []map[string]any
	whole := true
	for _, l := range layers {
		raw, err := render.ParseValues(l.Text)
		if err != nil {
			return nil, fmt.Errorf("read values %s: %w", l.Name, err)
		}
		values, encrypted := environment.Sealed(raw)
		sealed = append(sealed, values)
		if !encrypted {
			planted, open = append(planted, values), append(open, values)
			continue
		}
		in.Encrypted = true
		planted = append(planted, in.Planter.Plant(l.Name, values))
		if decrypt == nil {
			whole = false
			continue
		}
		text, err := decrypt(ctx, l.Name, l.Text)
		if errors.Is(err, ErrClosed) {
			whole = false
			continue
		}
		if err != nil {
			return nil, err
		}
		plain, err := render.ParseValues(text)
		clear(text)
		if err != nil {
			return nil, fmt.Errorf("read the decrypted values of %s: %w", l.Name, err)
		}
		in.hide("", values, plain)
		open = append(open, plain)
	}
	in.Files = render.MergeValues(sealed...)
	in.Sealed, in.Planted, in.Open = render.MergeValues(sealed...), render.MergeValues(planted...), render.MergeValues(open...)
	g := given{ctx: ctx, in: in, read: file, decrypt: decrypt, whole: whole}
	if err := g.apply(sets); err != nil {
		return nil, err
	}
	if !g.whole {
		in.Open = nil
	}
	return in, nil
}

// hide collects the plaintext of what is encrypted.
func (in *Inputs) hide(path string, sealed, plain any) {
	switch s := sealed.(type) {
	case map[string]any:
		p, _ := plain.(map[string]any)
		for k, v := range s {
			in.hide(environment.Join(path, k), v, p[k])
		}
	case []any:
		p, _ := plain.([]any)
		for i, v := range s {
			if i < len(p) {
				in.hide(path+"["+strconv.Itoa(i)+"]", v, p[i])
			}
		}
	case string:
		if _, ok := environment.Ciphertext(s); ok && plain != nil {
			in.conceal(path, fmt.Sprint(plain))
		}
	}
}

// conceal remembers a decrypted value, and what a template may take out of it.
func (in *Inputs) conceal(path, value string) {
	in.Hidden = append(in.Hidden, Hidden{Path: path, Value: value})
	if n, err := strconv.ParseFloat(value, 64); err == nil && strings.Contains(value, "e+") { // int64 writes it out
		in.Hidden = append(in.Hidden, Hidden{Path: path, Value: strconv.FormatFloat(n, 'f', -1, 64)})
	}
	for _, piece := range pieces(value) {
		in.Hidden = append(in.Hidden, Hidden{Path: path, Value: piece, Inner: true})
	}
}

// forget drops decrypted values that a text holds which is no secret: a user
// called as the Secret that his password is in is nothing to guard.
func (in *Inputs) forget(known string) {
	in.mask = nil
	in.Hidden = slices.DeleteFunc(in.Hidden, func(h Hidden) bool { return strings.Contains(known, h.Value) })
}

// decrypted reports whether a file of a chart is what others leave behind beside
// an encrypted one, such as secrets.yaml.dec: it says the same of a key that is
// a secret. What the chart gives by itself, in values.yaml, everybody knows.
func (in *Inputs) decrypted(f render.File) bool {
	if path.Base(f.Name) == "values.yaml" || slices.Contains(strings.Split(path.Dir(f.Name), "/"), "templates") {
		return false
	}
	values, err := render.ParseValues(f.Data)
	if err != nil {
		values = nil
	}
	leaves := map[string]string{}
	flatten("", values, leaves)
	return slices.ContainsFunc(in.Hidden, func(h Hidden) bool {
		text, ok := leaves[h.Path]
		return ok && text == h.Value || strings.TrimSpace(h.Value) == strings.TrimSpace(string(f.Data))
	})
}

// flatten collects leaves by the paths that hide has.
func flatten(path string, v any, to map[string]string) {
	switch v := v.(type) {
	case map[string]any:
		for k, c := range v {
			flatten(environment.Join(path, k), c, to)
		}
	case []any:
		for i, c := range v {
			flatten(path+"["+strconv.Itoa(i)+"]", c, to)
		}
	default:
		to[path] = fmt.Sprint(v)
	}
}

// Mask replaces every decrypted value in a text for people, so that no message
// of Helm or of an API server repeats one.
func (in *Inputs) Mask(text string) string {
	if in == nil {
		return text
	}
	if in.mask == nil {
		all := make([]string, len(in.Hidden))
		for i, h := range in.Hidden {
			all[i] = h.Value
		}
		in.mask = taint.Mask(all)
	}
	return in.mask(text)
}

// Placeholder stands for encrypted text in what is shown to people.
const Placeholder = "***"

// Placeholders returns sealed values with a placeholder of the right type for
// each that is encrypted.
func Placeholders(sealed map[string]any) map[string]any {
	return environment.Substitute(sealed, func(_, typ string) any {
		switch typ {
		case "int", "float":
			return float64(0)
		case "bool":
			return false
		}
		return Placeholder
	})
}

// Values are those of the chart in an environment, with the defaults of the
// subcharts that are switched on in it, and what all their schemas say. What is
// given beside comes last. The error is one of the file system.
func Values(set *environment.Set, chart *render.Chart, e *environment.Environment, more ...environment.Layer) (*environment.Values, error) {
	v, err := set.Values(e, more...)
	if err != nil || v.Root == nil {
		return v, err
	}
	in, err := Read(context.Background(), Layers(v), render.Sets{}, nil, nil)
	if err != nil { // told among the findings
		return v, nil
	}
	subcharts, err := chart.Subcharts(Placeholders(in.Sealed))
	if err != nil { // told when it is rendered
		return v, nil
	}
	return v, set.Complete(v, subcharts)
}

// Extra are the values that are given beside those of an environment: files,
// and what the command line set, as the text of a file that is called --set.
func (in *Inputs) Extra(files []Layer) ([]environment.Layer, error) {
	var all []environment.Layer
	for _, f := range files {
		values, err := render.ParseValues(f.Text)
		if err != nil {
			return nil, fmt.Errorf("read values %s: %w", f.Name, err)
		}
		_, encrypted := environment.Sealed(values)
		if !encrypted && holdsCiphertext(values) {
			return nil, fmt.Errorf("read values %s: values in it are encrypted, and what SOPS needs to open them, the key \"sops\" with its mac, is not there: restore the file", f.Name)
		}
		all = append(all, environment.Layer{Name: f.Name, Text: f.Text, Secret: encrypted})
	}
	set := difference(in.Files, in.Sealed)
	if len(set) == 0 {
		return all, nil
	}
	text, err := yaml.Marshal(set)
	if err != nil {
		return nil, fmt.Errorf("read --set: %w", err)
	}
	return append(all, environment.Layer{Name: "--set", Text: text, Secret: true}), nil
}

// difference is what after sets that before does not: of maps, no more than that.
func difference(before, after map[string]any) map[string]any {
	set := map[string]any{}
	for key, value := range after {
		old, had := before[key]
		if had && reflect.DeepEqual(value, old) {
			continue
		}
		oldMap, was := old.(map[string]any)
		newMap, is := value.(map[string]any)
		if was && is {
			value = difference(oldMap, newMap)
		}
		set[key] = value
	}
	return set
}

func holdsCiphertext(values map[string]any) bool {
	found := false
	environment.Substitute(values, func(string, string) any { found = true; return nil })
	return found
}

// Layers converts those of an environment.
func Layers(v *environment.Values) []Layer {
	var all []Layer
	for _, l := range v.Layers() {
		all = append(all, Layer{l.Name, l.Text})
	}
	return all
}

// Auto decrypts what an age key on this machine opens, without a prompt and
// without the network, and leaves the rest closed.
func Auto(ctx context.Context, name string, text []byte) ([]byte, error) {
	if !secrets.LocalAge(name, text) {
		return nil, ErrClosed
	}
	return secrets.Open(ctx, name, text)
}

package deploy

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/client-go/dynamic"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/source"
	"github.com/tiphys-dev/tiphys/packaging/render"
	"github.com/tiphys-dev/tiphys/packaging/taint"
)

// leaks reports where a canary landed outside of the data of a Secret.
func (c *Check) leaks() {
	if !c.inputs.Encrypted {
		return
	}
	if c.planted == nil {
		c.byValue(c.inputs.Hidden)
		return
	}
	c.byValue(slices.DeleteFunc(slices.Clone(c.inputs.Hidden), func(h Hidden) bool { return !h.Inner }))
	l := leaker{check: c, output: c.planted, from: c.from}
	if c.inputs.Open != nil { // what was linted holds the true values
		twin := *c
		twin.output, twin.values = l.output, c.inputs.Planted
		l.from = &locator{check: &twin}
	}
	for _, name := range l.output.Names() {
		l.file(name)
	}
	for _, hit := range c.inputs.Planter.Find([]byte(l.output.Notes)) {
		l.report(hit, source.Span{File: source.NewFile(c.Chart.Shown(c.Chart.Name+"/templates/NOTES.txt"), nil)}, lint.Object{}, "",
			"the notes of the release, which are printed and stored")
	}
}

// plant renders with canaries, and learns which decrypted values are no secret:
// what stands in the chart, or in what comes out without a key, everybody knows.
func (c *Check) plant() {
	if c.inputs.Open == nil || !c.inputs.Encrypted {
		c.planted = c.output
		return
	}
	release, asked := c.options.Release, false
	if look := release.Lookup; look != nil {
		release.Lookup = func(apiVersion, kind string) (dynamic.NamespaceableResourceInterface, bool, error) {
			asked = true
			return look(apiVersion, kind)
		}
	}
	c.planted = c.planting(release)
	public := c.planted
	if asked { // the cluster knows the secrets of the last revision
		release.Lookup = nil
		public = c.planting(release)
	}
	var known strings.Builder
	if public != nil {
		rest, _ := Cut(public.Files)
		for _, text := range rest {
			known.WriteString(text)
		}
	}
	for _, f := range c.Chart.Files() {
		if !c.inputs.decrypted(f) {
			known.Write(f.Data)
		}
	}
	c.inputs.forget(known.String())
}

// planting renders with canaries; nil when that fails.
func (c *Check) planting(release render.Options) *render.Output {
	out, err := c.Chart.Render(c.inputs.Planted, release)
	if err != nil {
		return nil
	}
	return out
}

// leaker follows the canaries of one rendering.
type leaker struct {
	check  *Check
	output *render.Output
	from   *locator
}

func (l *leaker) file(name string) {
	text := l.output.Files[name]
	planter := l.check.inputs.Planter
	if !planter.Holds(text) {
		return
	}
	file, last := source.NewFile(name, []byte(text)), 0
	for _, d := range manifest.Parse(file) {
		l.between(file, last, d.Start)
		last = d.End
		body := []byte(text[d.Start:d.End])
		object := lint.Object{Kind: d.Root.Get("kind").Text(), Namespace: d.Root.Get("metadata").Get("namespace").Text(), Name: nameOf(d.Root)}
		if !IsSecret(d.Root) {
			for _, hit := range planter.Find(body) {
				path := pathAt(d.Root, d.Start+hit.Start)
				l.report(hit, source.Span{File: d.File, Start: d.Start + hit.Start, End: d.Start + hit.Start + 1}, object, path, l.where(object, path))
			}
			continue
		}
		l.secret(d, object)
	}
	l.between(file, last, len(text))
}

// between looks at what belongs to no manifest, such as comments before the
// first: Helm records it.
func (l *leaker) between(file *source.File, start, end int) {
	for _, hit := range l.check.inputs.Planter.Find(file.Bytes[start:end]) {
		at := start + hit.Start
		l.report(hit, source.Span{File: file, Start: at, End: at + 1}, lint.Object{}, "", "a comment outside of all manifests")
	}
}

// secret looks at everything in a Secret but its data.
func (l *leaker) secret(d *manifest.Document, object lint.Object) {
	eachNode(d.Root, func(n *manifest.Node, free bool) {
		if n.Key != nil {
			for _, hit := range l.check.inputs.Planter.Find([]byte(n.Key.Value)) {
				l.report(hit, n.Key.Span(), object, n.Path(), "the name of a key of "+describe(object)+", which everybody may read")
			}
		}
		if n.Scalar() && !free {
			for _, hit := range l.check.inputs.Planter.Find([]byte(n.Value)) {
				l.report(hit, n.Token(), object, n.Path(), n.Path()+" of "+describe(object)+", outside of its data")
			}
		}
	})
}

// where says in words where a canary landed.
func (l *leaker) where(object lint.Object, path string) string {
	if object.Kind == "" {
		return "a manifest"
	}
	if path == "" {
		return describe(object)
	}
	return path + " of " + describe(object)
}

func describe(o lint.Object) string {
	if o.Name == "" {
		return "a " + o.Kind
	}
	return fmt.Sprintf("%s %q", o.Kind, o.Name)
}

func (l *leaker) report(hit taint.Hit, at source.Span, object lint.Object, path, where string) {
	planter := l.check.inputs.Planter
	if planter.Holds(where) || planter.Holds(object.Name+object.Namespace+path) {
		object, path, where = lint.Object{Kind: object.Kind}, "", "a name in a manifest"
	}
	f := lint.Finding{
		Rule: ruleLeaked, Severity: ruleLeaked.Severity, Object: object, Path: path,
		Message: fmt.Sprintf("secret %q of %s ends up in %s: only the data of a Secret may hold it; put it into one and refer to that", hit.Canary.Path, hit.Canary.File, where),
	}
	if span, _, ok := l.from.span(at, "", lint.Object{}); ok {
		f.Span = span
	} else {
		f.Span = source.Span{File: source.NewFile(l.check.Chart.Shown(at.File.Name), nil)}
	}
	if v := l.check.Values.Root; v != nil {
		if leaf := v.Find(hit.Canary.Path); leaf != nil && leaf.File() == hit.Canary.File {
			f.Related = append(f.Related, lint.Related{Span: leaf.Span(), Message: "the secret stands here"})
		}
	}
	l.check.Findings = append(l.check.Findings, f)
}

// byValue is for where canaries do not go: it looks for the decrypted values
// themselves, line by line, where they are long enough not to be there by chance.
func (c *Check) byValue(all []Hidden) {
	if c.inputs.Open == nil || len(all) == 0 {
		return
	}
	for _, name := range c.output.Names() {
		text := c.output.Files[name]
		for _, d := range manifest.Parse(source.NewFile(name, []byte(text))) {
			if !IsSecret(d.Root) {
				c.valuesIn(all, d, text[d.Start:d.End], d.Start)
				continue
			}
			eachNode(d.Root, func(n *manifest.Node, free bool) {
				if n.Key != nil {
					c.valuesIn(all, d, n.Key.Value, n.Key.Start)
				}
				if n.Scalar() && !free {
					c.valuesIn(all, d, n.Value, n.Start)
				}
			})
		}
	}
}

// valuesIn reports decrypted values in a text of a manifest, which begins at an
// offset.
func (c *Check) valuesIn(all []Hidden, d *manifest.Document, text string, start int) {
	const enough = 8
	for _, hidden := range all {
		for _, line := range strings.Split(hidden.Value, "\n") {
			line = strings.TrimSpace(line)
			i := strings.Index(text, line)
			if len(line) < enough || i < 0 {
				continue
			}
			where := describe(lint.Object{Kind: d.Root.Get("kind").Text()})
			if IsSecret(d.Root) {
				where += ", outside of its data"
			}
			f := lint.Finding{Rule: ruleLeaked, Severity: ruleLeaked.Severity, Message: fmt.Sprintf("secret %q ends up where it should not, in %s: only the data of a Secret may hold it", hidden.Path, where)}
			f.Span, _, _ = c.from.span(source.Span{File: d.File, Start: start + i, End: start + i + 1}, "", lint.Object{})
			c.Findings = append(c.Findings, f)
		}
	}
}

// eachNode visits all nodes of a Secret, and says which are the values of its
// data, where secrets may be.
func eachNode(root *manifest.Node, visit func(n *manifest.Node, free bool)) {
	var walk func(n *manifest.Node, free bool)
	walk = func(n *manifest.Node, free bool) {
		visit(n, free)
		for _, c := range n.Children {
			walk(c, free || n == root && (c.Key.Value == "data" || c.Key.Value == "stringData"))
		}
	}
	walk(root, false)
}

// IsSecret reports whether the manifest is a Secret of Kubernetes.
func IsSecret(root *manifest.Node) bool {
	return root.Get("kind").Text() == "Secret" && root.Get("apiVersion").Text() == "v1"
}

// pathAt returns the path of the innermost node at an offset.
func pathAt(n *manifest.Node, off int) string {
	for n != nil {
		i := slices.IndexFunc(n.Children, func(c *manifest.Node) bool {
			start := c.Start
			if c.Key != nil {
				start = min(start, c.Key.Start)
			}
			return start <= off && off < c.End
		})
		if i < 0 {
			return n.Path()
		}
		n = n.Children[i]
	}
	return ""
}

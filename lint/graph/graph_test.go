package graph_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/graph"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/rules/dagunknowndependency"
	"github.com/tiphys-dev/tiphys/lint/source"
)

var update = flag.Bool("update", false, "rewrite the pictures in testdata")

// marker finds something at each place that a picture can mark, so that the
// pictures do not change with the rules.
var marker = &lint.Rule{Name: "marker", Severity: lint.Error, Run: func(p *lint.Pass) {
	for _, t := range p.Workflow.All {
		if strings.HasPrefix(t.Name.Text(), "work") {
			p.Report(lint.Finding{Node: t.Body, Severity: lint.Warning, Message: `template "work" works too much`})
		}
		for _, c := range t.Calls {
			if c.Name.Text() == "audit" || c.Name.Text() == "b" {
				p.Reportf(c.When, `condition of task "%s" is <odd> & "quoted"`, c.Name)
			}
			for _, h := range c.Hooks {
				p.Report(lint.Finding{Node: h.Template, Severity: lint.Info, Message: "a hook"})
			}
		}
	}
	p.Reportf(p.Workflow.Name, "name is odd")
}}

func draw(text string, o graph.Options) *graph.Picture {
	f := source.NewFile("in.yaml", []byte(text))
	found := lint.Run(lint.Options{Rules: []*lint.Rule{marker}}, f)
	return graph.Draw(manifest.Parse(f), found.Findings, o)
}

func written(t *testing.T, p *graph.Picture, f graph.Format, l graph.Look) string {
	t.Helper()
	var b bytes.Buffer
	if err := graph.Write(&b, p, f, l); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestPictures(t *testing.T) {
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		base := strings.TrimSuffix(file, ".yaml")
		p := draw(string(text), graph.Options{Show: lint.Warning})
		for ext, got := range map[string]string{
			".txt":       written(t, p, graph.Text, graph.Look{}),
			".ascii.txt": written(t, p, graph.Text, graph.Look{ASCII: true}),
			".depth1.txt": written(t, draw(string(text), graph.Options{Show: lint.Error, Depth: 1}),
				graph.Text, graph.Look{}),
			".mmd": written(t, p, graph.Mermaid, graph.Look{}),
			".dot": written(t, p, graph.Dot, graph.Look{}),
			".svg": written(t, p, graph.SVG, graph.Look{}),
		} {
			if *update {
				if err := os.WriteFile(base+ext, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				continue
			}
			want, err := os.ReadFile(base + ext)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("%s%s (-want +got; go test ./lint/graph -update rewrites it):\n%s", base, ext, diff)
			}
		}
	}
}

// The picture of the documentation is what is drawn. It is without findings of
// rules, which would change it, but for that of the task that is not there.
func TestPictureOfTheDocumentation(t *testing.T) {
	text, err := os.ReadFile("../../examples/graph/month-end.yaml")
	if err != nil {
		t.Fatal(err)
	}
	file := source.NewFile("month-end.yaml", text)
	found := lint.Run(lint.Options{Rules: []*lint.Rule{dagunknowndependency.Rule}}, file)
	got := written(t, graph.Draw(manifest.Parse(file), found.Findings, graph.Options{}), graph.SVG, graph.Look{})
	const at = "../../docs/graph.svg"
	if *update {
		if err := os.WriteFile(at, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(at)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got; go test ./lint/graph -update rewrites it):\n%s", at, diff)
	}
}

const head = "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: w}\nspec:\n  entrypoint: t0\n  templates:\n"

// random is a workflow whose templates call each other in every way.
func random(r *rand.Rand) (text string, tasks int) {
	var b strings.Builder
	b.WriteString(head)
	templates := 1 + r.IntN(6)
	for i := range templates {
		n := r.IntN(8)
		tasks += n
		dag := r.IntN(2) == 0
		fmt.Fprintf(&b, "  - name: t%d\n", i)
		switch {
		case n == 0:
			b.WriteString("    suspend: {}\n")
		case dag:
			b.WriteString("    dag:\n      tasks:\n")
		default:
			b.WriteString("    steps:\n")
		}
		for j := range n {
			lead := "      - "
			if !dag {
				lead = "    - - "
				if j > 0 && r.IntN(2) == 0 {
					lead = "      - "
				}
			}
			fmt.Fprintf(&b, "%s{name: task-%d-%d, template: t%d", lead, i, j, r.IntN(templates+1))
			if dag && r.IntN(2) == 0 {
				fmt.Fprintf(&b, ", depends: task-%d-%d || task-%d-%d.Failed", i, r.IntN(n+1), i, r.IntN(n))
			}
			if r.IntN(3) == 0 {
				b.WriteString(`, when: "1 == 1"`)
			}
			if r.IntN(3) == 0 {
				b.WriteString(`, withItems: [1, 2]`)
			}
			if r.IntN(4) == 0 {
				fmt.Fprintf(&b, ", hooks: {exit: {template: t%d}}", r.IntN(templates))
			}
			b.WriteString("}\n")
		}
	}
	return b.String(), tasks
}

func TestEveryTaskIsDrawnOncePerTemplate(t *testing.T) {
	name := regexp.MustCompile(`(?m)\btask-\d+-\d+\b`)
	for seed := range uint64(100) {
		text, tasks := random(rand.New(rand.NewPCG(seed, 1)))
		p := draw(text, graph.Options{Depth: 1})
		seen := map[string]int{}
		for _, d := range p.Flows[0].Drawings {
			for _, n := range d.Nodes {
				if n.Kind == graph.Task || n.Kind == graph.Step {
					seen[n.Name]++
				}
			}
		}
		if len(seen) != tasks {
			t.Errorf("seed %d: %d of %d tasks are drawn\n%s", seed, len(seen), tasks, text)
		}
		for n, times := range seen {
			if times != 1 {
				t.Errorf("seed %d: %s is drawn %d times", seed, n, times)
			}
		}
		for _, depth := range []int{1, 2, 9} {
			p := draw(text, graph.Options{Depth: depth})
			for _, f := range graph.Formats() {
				got := written(t, p, graph.Format(f), graph.Look{})
				missing := map[string]bool{}
				for _, n := range name.FindAllString(text, -1) {
					missing[n] = true
				}
				for _, n := range name.FindAllString(got, -1) {
					delete(missing, n)
				}
				for n := range missing {
					if seen[n] > 0 {
						t.Errorf("seed %d, depth %d: %s is not in the %s", seed, depth, n, f)
					}
				}
				if again := written(t, draw(text, graph.Options{Depth: depth}), graph.Format(f), graph.Look{}); again != got {
					t.Errorf("seed %d, depth %d: two pictures as %s differ", seed, depth, f)
				}
			}
		}
	}
}

// hostile are names that mean something to one of the formats.
var hostile = []string{
	`a"]`, "end", `\`, `\N\l\`, `x\"`, "<b>&amp;</b>", "]]>", "</title><script>alert(1)</script>", "%%{init: {}}%%",
	"#quot;", "- a", "1. a", "`a`", "$$x$$", "a\nb", "\x1b[31mred", "\u202eright", "{{tasks.a}}", "-->", "|a|", "名前", "\x00",
	strings.Repeat("long ", 100), "n1", "/", ";", "a:::b", "\ufffe", "```",
}

func TestHostileNamesStayInsideTheirQuotes(t *testing.T) {
	var b strings.Builder
	fmt.Fprintf(&b, "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: %q}\nspec:\n  entrypoint: %q\n  templates:\n", hostile[0], hostile[0])
	for _, h := range hostile {
		fmt.Fprintf(&b, "  - name: %s\n    dag:\n      tasks:\n", quoted(h))
		for _, n := range hostile {
			fmt.Fprintf(&b, "      - {name: %s, templateRef: {name: %s, template: x}, when: %s, dependencies: [%s], hooks: {%s: {template: %s, expression: %s}}}\n",
				quoted(n), quoted(n), quoted(n), quoted(h), quoted(n), quoted(n), quoted(n))
		}
	}
	p := draw(b.String(), graph.Options{})
	if len(p.Flows) != 1 {
		t.Fatal("the manifest is broken")
	}
	label := `"(?:[^"\\]|\\.)*"`
	plain := `[A-Za-z0-9_.,=#; ()-]`
	dot := regexp.MustCompile(`^\s*(?:` + plain + `|` + label + `|->|[{}\[\]])*$`)
	for line := range strings.Lines(written(t, p, graph.Dot, graph.Look{})) {
		if !dot.MatchString(strings.TrimRight(line, "\n")) {
			t.Fatalf("a line of dot has an open string: %s", line)
		}
	}
	mermaid := regexp.MustCompile(`^\s*(?:%% [a-zA-Z0-9: ]*|flowchart LR|end|subgraph \w+\["[^"\x60<>{}\\]*"\]|(?:class|classDef|linkStyle) [\w:#,. -]*|` +
		`\w+(?:\(|\(\[|\[\[|\{\{|\[/|\[|\(\( )(?:"[^"\x60{}\\]*")?(?:\)|\]\)|\]\]|\}\}|/\]|\]|\)\)):::\w+|\w+ (?:-->|-\.->|-->\|"[^"]*"\|) \w+)$`)
	for line := range strings.Lines(written(t, p, graph.Mermaid, graph.Look{})) {
		line = strings.ReplaceAll(strings.TrimRight(line, "\n"), "<br/>", "")
		if !mermaid.MatchString(line) {
			t.Fatalf("a line of Mermaid is odd: %s", line)
		}
	}
	wellFormed(t, written(t, p, graph.SVG, graph.Look{}))
	for r := range strings.SplitSeq(written(t, p, graph.Text, graph.Look{}), "") {
		if r == "\x1b" || r == "\u202e" || r == "\x00" {
			t.Fatalf("text holds %q", r)
		}
	}
	for _, c := range []byte(written(t, p, graph.Text, graph.Look{ASCII: true})) {
		if c >= 0x80 {
			t.Fatalf("text in ASCII holds %q", c)
		}
	}
}

// quoted is a YAML string.
func quoted(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ' || r == 0xfffe:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String() + `"`
}

func wellFormed(t *testing.T, svg string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(svg))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := token.(xml.StartElement); ok && (e.Name.Local == "script" || e.Name.Local == "a" || e.Name.Local == "image") {
			t.Fatalf("the picture has an element %s", e.Name.Local)
		}
	}
}

func TestLargeAndTangledWorkflowsAreDrawnInTime(t *testing.T) {
	lines := func(n int, line func(i int) string) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(line(i))
		}
		return b.String()
	}
	dag := head + "  - name: t0\n    dag:\n      tasks:\n"
	cases := map[string]string{
		"a chain of 10,000 tasks": dag + lines(10_000, func(i int) string { return fmt.Sprintf("      - {name: a%d, depends: a%d}\n", i, i-1) }),
		"a fan of 10,000 tasks":   dag + lines(10_000, func(i int) string { return fmt.Sprintf("      - {name: a%d, depends: a0}\n", i) }),
		"a ring of 10,000 tasks":  dag + lines(10_000, func(i int) string { return fmt.Sprintf("      - {name: a%d, depends: a%d}\n", i, (i+1)%10_000) }),
		"tasks that all wait for all": dag + lines(400, func(i int) string {
			return fmt.Sprintf("      - {name: a%d, dependencies: [%s]}\n", i, strings.TrimSuffix(lines(400, func(j int) string { return fmt.Sprintf("a%d, ", j) }), ", "))
		}),
		"templates that call the next one twice": head + lines(60, func(i int) string {
			return fmt.Sprintf("  - name: t%d\n    steps: [[{name: a, template: t%d}, {name: b, template: t%d}]]\n", i, i+1, i+1)
		}),
		"templates that all call each other": head + lines(60, func(i int) string {
			return fmt.Sprintf("  - name: t%d\n    steps:\n%s", i, lines(60, func(j int) string { return fmt.Sprintf("    - [{name: a%d, template: t%d}]\n", j, j) }))
		}),
		"inline templates 100 deep": head + "  - {name: t0, " + strings.Repeat("steps: [[{name: a, inline: {", 100) + "suspend: {}" + strings.Repeat("}}]]", 100) + "}\n",
		"10,000 templates":          head + lines(10_000, func(i int) string { return fmt.Sprintf("  - {name: t%d, steps: [[{name: a, template: x}]]}\n", i) }),
	}
	for name, text := range cases {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			for _, depth := range []int{0, 1000} {
				p := draw(text, graph.Options{Depth: depth})
				if len(p.Flows) != 1 {
					t.Fatal("nothing is drawn")
				}
				for _, f := range graph.Formats() {
					if n := len(written(t, p, graph.Format(f), graph.Look{})); n > 40<<20 {
						t.Errorf("%s is %d MB", f, n>>20)
					}
				}
			}
			if d := time.Since(start); d > 40*time.Second {
				t.Errorf("took %s", d)
			}
		})
	}
}

func TestCyclesAreMarked(t *testing.T) {
	p := draw(head+"  - name: t0\n    dag:\n      tasks:\n"+
		"      - {name: a}\n      - {name: b, depends: a && c}\n      - {name: c, depends: b}\n      - {name: d, depends: c}\n", graph.Options{})
	got := map[string]bool{}
	for _, n := range p.Flows[0].Drawings[0].Nodes {
		for _, e := range n.Needs {
			got[n.Name+" after "+e.Node.Name] = e.Cyclic
		}
	}
	want := map[string]bool{"b after a": false, "b after c": true, "c after b": true, "d after c": false}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestFindingsMarkTheirNodes(t *testing.T) {
	text, err := os.ReadFile("testdata/nightly.yaml")
	if err != nil {
		t.Fatal(err)
	}
	p := draw(string(text), graph.Options{})
	got := map[string]string{}
	var visit func(n *graph.Node)
	visit = func(n *graph.Node) {
		for _, m := range n.Marks {
			got[n.Name] = m.String()
		}
		for _, h := range n.Hooks {
			visit(h)
		}
		if n.Inner != nil {
			for _, in := range n.Inner.Nodes {
				visit(in)
			}
		}
	}
	for _, f := range p.Flows {
		for _, d := range f.Drawings {
			for _, n := range d.Nodes {
				visit(n)
			}
		}
	}
	works := `warning: template "work" works too much [marker]`
	want := map[string]string{
		"list": works, "fetch": works, "merge": works, "count": works, "shards": works, "partitions": works,
		"audit": works, // after that of its condition
		"exit":  "info: a hook [marker]",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

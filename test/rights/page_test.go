package rights

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tiphys-dev/tiphys/test/testbin"
)

var update = flag.Bool("update", false, "rewrite the tables of docs/rights.md")

// where says where rights of a role hold.
var where = map[string]string{
	"ClusterRole/tiphys-webhook":           "in all namespaces",
	"Role/tiphys-webhook":                  "in the namespace of the release",
	"ClusterRole/tiphys-controller":        "in all namespaces",
	"ClusterRole/tiphys-controller-acting": "in the namespaces of `controller.namespaces`, or in all where there are none",
	"Role/tiphys-controller":               "in the namespace of the release",
	"Role/tiphys-webhook-test":             "in `test.namespace`, while the test runs",
	"ClusterRole/tiphys-promotion-viewer":  "where `view` is given",
}

// write adds the tables of a part.
func (p part) write(t *testing.T, w io.Writer, rows []given, proved map[right]string) {
	if p.title == "" {
		return
	}
	with := map[right]string{}
	for _, s := range p.switches {
		value, off, _ := strings.Cut(s, "=")
		if off == "cert-manager" {
			value += ": self"
		}
		left := rights(t, append(slices.Clone(p.values), s)...)
		for _, g := range rows {
			if !slices.ContainsFunc(left, func(o given) bool { return o.right == g.right }) {
				with[g.right] = strings.TrimPrefix(with[g.right]+", `"+value+"`", ", ")
			}
		}
	}
	fmt.Fprintf(w, "## %s\n", p.title)
	role := ""
	for _, g := range rows {
		if role != g.role {
			role = g.role
			_, name, _ := strings.Cut(role, "/")
			fmt.Fprintf(w, "\n`%s`, %s:\n\n| right | for | only with | what is refused without it |\n|---|---|---|---|\n", name, where[role])
		}
		fmt.Fprintf(w, "| %s | %s | %s | %s |\n", g.right, lower(g.why), with[g.right], proved[g.right])
	}
	fmt.Fprintln(w)
}

// key is what the page calls a right: where it holds, and what it is.
func key(r right) string {
	_, name, _ := strings.Cut(r.role, "/")
	return fmt.Sprintf("`%s`, %s: %s", name, where[r.role], r)
}

// documents are the stories that the page has, by the keys of rights.
func documents(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile(page())
	if err != nil {
		t.Fatal(err)
	}
	all, head := map[string]string{}, ""
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if cells := strings.Split(line, " | "); len(cells) == 4 {
			all[head+" "+strings.TrimPrefix(cells[0], "| ")] = strings.TrimSuffix(cells[3], " |")
		} else if strings.HasSuffix(line, ":") {
			head = line
		}
	}
	return all
}

func page() string { return filepath.Join(testbin.Root(), "docs", "rights.md") }

func lower(s string) string { return strings.ToLower(s[:1]) + s[1:] }

const (
	begin = "<!-- rights -->\n"
	end   = "<!-- end of rights -->\n"
)

// documented holds docs/rights.md to what was found.
func documented(t *testing.T, tables string) {
	t.Helper()
	text, err := os.ReadFile(page())
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(text), begin)
	_, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatal("the page has no place for rights")
	}
	want := head + begin + tables + end + tail
	if *update {
		if err := os.WriteFile(page(), []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Errorf("docs/rights.md (go test ./test/rights -update) (-want +got):\n%s", diff)
	}
}

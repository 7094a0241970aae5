package deploy_test

import (
	"flag"
	"fmt"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/packaging/deploy"
)

var update = flag.Bool("update", false, "rewrite what is expected")

func printed(r *deploy.Result, dir string) string {
	var b strings.Builder
	for _, f := range r.Findings {
		if f.Severity < lint.Warning {
			continue
		}
		where := ""
		if f.Environments != nil {
			where = " in " + strings.Join(f.Environments, ", ")
		}
		fmt.Fprintf(&b, "%s%s\n", f, where)
		if f.Span.Known() {
			fmt.Fprintf(&b, "    %s\n", f.Span.Text())
		}
		for _, n := range f.Related {
			at := n.Path
			if n.Span.Known() {
				p := n.Span.File.Position(n.Span.Start)
				at = fmt.Sprintf("%s:%d:%d", n.Span.File.Name, p.Line, p.Column)
			}
			fmt.Fprintf(&b, "  %s: note: %s\n", at, n.Message)
		}
	}
	for _, err := range r.Failures {
		fmt.Fprintf(&b, "failure: %v\n", err)
	}
	return strings.ReplaceAll(b.String(), dir+"/", "")
}

package deploy

import (
	"fmt"
	"path/filepath"
	"slices"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/packaging/environment"
	"github.com/tiphys-dev/tiphys/packaging/render"
)

// unused reports values that no template of the chart reads: most often a slip
// of the pen, or what is left of something that is gone. Values for all charts
// are left out, as another chart may read them.
func (r *Result) unused(chart *render.Chart, set *environment.Set, checks []*Check) {
	use, err := chart.Uses()
	if err != nil || use.All {
		return
	}
	for _, c := range checks {
		if c.Values.Root == nil || c.output == nil {
			continue
		}
		shared := sharedFiles(set, c.Environment)
		var walk func(v *environment.Value, path []string)
		walk = func(v *environment.Value, path []string) {
			for _, f := range v.Fields {
				at := append(slices.Clone(path), f.Key)
				switch {
				case use.Exact(at):
				case use.Below(at) && len(f.Fields) > 0:
					walk(f, at)
				case use.Below(at), slices.Contains(shared, filepath.Clean(f.File())), f.File() == "":
				default:
					r.add([]lint.Finding{{
						Rule: ruleUnused, Severity: ruleUnused.Severity, Span: f.KeySpan(), Path: f.Path(),
						Message: fmt.Sprintf("no template of chart %s uses %q: remove it, or mend its name", chart.Name, f.Path()),
					}}, c.Environment.Name)
				}
			}
		}
		walk(c.Values.Root, nil)
	}
}

// sharedFiles are the files of values that are for all charts.
func sharedFiles(set *environment.Set, e *environment.Environment) []string {
	var all []string
	for _, folder := range set.Folders {
		if filepath.Clean(folder) == filepath.Join(set.Chart, "environments") {
			continue // the chart's own
		}
		for _, name := range []string{"values.yaml", "secrets.yaml"} {
			all = append(all, filepath.Join(folder, e.Name, name))
		}
	}
	return all
}

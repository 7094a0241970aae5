package audit

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tiphys-dev/tiphys/packaging/secrets"
)

// shared reports keys that open more than one environment, and environments
// whose files are for different keys.
func (a *auditor) shared() {
	type opens struct {
		file string
		envs []string
	}
	known := map[secrets.Recipient]*opens{}
	var order []secrets.Recipient
	for _, e := range a.report.Environments {
		if e.Name == "" {
			continue
		}
		var first *File
		for _, f := range e.Files {
			if !f.Encrypted {
				continue
			}
			if first == nil {
				first = f
			} else if !slices.Equal(first.Recipients, f.Recipients) {
				a.add(ruleMixed, f.Name, "it is encrypted for %s, and %s of the same environment for %s: give an environment one set of recipients",
					names(f.Recipients), first.Name, names(first.Recipients))
			}
			for _, r := range f.Recipients {
				o := known[r]
				if o == nil {
					o = &opens{}
					known[r] = o
					order = append(order, r)
				}
				if !slices.Contains(o.envs, e.Name) {
					o.envs = append(o.envs, e.Name)
					o.file = f.Name // of the last environment in the order of promotion
				}
			}
		}
	}
	for _, r := range order {
		if o := known[r]; len(o.envs) > 1 {
			a.add(ruleShared, o.file, "%s opens %s: give each environment keys of its own, so that who deploys to %q cannot read %q",
				r, quoted(o.envs), o.envs[0], o.envs[len(o.envs)-1])
		}
	}
}

// between reports secrets that some environments have and others have not.
// Environments without secrets are not asked.
func (a *auditor) between() {
	type found struct {
		file *File
		at   key
		envs []string
	}
	have := map[string]map[string]*found{} // by scope and key
	var scopes []string
	asked := map[string][]string{} // environments with secrets, by scope
	for _, e := range a.report.Environments {
		for _, f := range e.Files {
			if e.Name == "" || !f.Encrypted {
				continue
			}
			if have[f.scope] == nil {
				have[f.scope] = map[string]*found{}
				scopes = append(scopes, f.scope)
			}
			if !slices.Contains(asked[f.scope], e.Name) {
				asked[f.scope] = append(asked[f.scope], e.Name)
			}
			for _, at := range f.keys {
				k := have[f.scope][at.path]
				if k == nil {
					k = &found{file: f, at: at}
					have[f.scope][at.path] = k
				}
				if !slices.Contains(k.envs, e.Name) {
					k.envs = append(k.envs, e.Name)
				}
			}
		}
	}
	told := 0
	for _, scope := range scopes {
		keys := slices.Collect(maps.Keys(have[scope]))
		slices.Sort(keys)
		for _, key := range keys {
			k := have[scope][key]
			missing := slices.DeleteFunc(slices.Clone(asked[scope]), func(e string) bool { return slices.Contains(k.envs, e) })
			if len(missing) == 0 {
				continue
			}
			if told++; told <= mostMissing {
				a.addAt(ruleMissing, k.file, k.at, "the secret %q is in %s and not in %s", key, quoted(k.envs), quoted(missing))
			}
		}
	}
	if more := told - mostMissing; more > 0 {
		a.add(ruleMissing, a.set.Chart, "%d more secrets are in some environments and not in others: they are not shown", more)
	}
}

// mostMissing bounds the findings of one kind: nobody reads more.
const mostMissing = 100

func names(all []secrets.Recipient) string {
	out := make([]string, len(all))
	for i, r := range all {
		out[i] = r.String()
	}
	return strings.Join(out, ", ")
}

// quoted joins names: "dev", "qa" and "prod".
func quoted(all []string) string {
	out := make([]string, len(all))
	for i, s := range all {
		out[i] = fmt.Sprintf("%q", s)
	}
	if len(out) < 2 {
		return strings.Join(out, "")
	}
	return strings.Join(out[:len(out)-1], ", ") + " and " + out[len(out)-1]
}

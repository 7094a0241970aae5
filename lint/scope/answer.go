package scope

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tiphys-dev/tiphys/lint/workflow"
)

var (
	unchecked = Answer{State: Unchecked}
	known     = Answer{State: Known}
	open      = Answer{State: Open}
)

func missing(format string, args ...any) Answer {
	return Answer{State: Missing, Strict: true, Reason: fmt.Sprintf(format, args...)}
}

// near adds the names that may be meant in place of word.
func (a Answer) near(word string, names []string) Answer {
	a.Word, a.Near = word, names
	return a
}

// lax is for what Argo does not look at, although the name has no value.
func (a Answer) lax() Answer {
	a.Strict = false
	return a
}

// answer says what name stands for at a site. The roots, and the prefixes
// after which anything goes, are those of docs/argo.md.
func (a *analyzer) answer(name string, s Site) Answer {
	ans := a.byRoot(name, s)
	if ans.State == Missing && (s.Part == Spec || s.Part == Rest || s.Replaced) {
		ans.Strict = false
	}
	return ans
}

func (a *analyzer) byRoot(name string, s Site) Answer {
	root, rest, dotted := strings.Cut(name, ".")
	switch root {
	case "workflow":
		if dotted {
			return a.global(rest, s)
		}
	case "inputs":
		if dotted {
			return a.input(rest, s)
		}
	case "steps", "tasks":
		if dotted {
			return a.child(root, rest, s)
		}
	case "item":
		return a.item(rest, dotted, s)
	case "pod":
		if dotted {
			return pod(rest, s)
		}
	case "retries", "lastRetry":
		return retry(s)
	case "cronworkflow":
		if s.Part != Spec {
			return missing("has a value only in the when and the stopStrategy of a CronWorkflow").lax()
		}
	case "outputs", "node", "status", "duration", "exitCode", "resourcesDuration", "request", "response":
		return unchecked
	}
	return unchecked
}

// retry answers for {{retries}} and {{lastRetry.*}}, which Argo lets stand anywhere.
func retry(s Site) Answer {
	switch {
	case s.Part == Leaf && s.Template.Retry() == nil:
		return missing("has a value only in a template with a retryStrategy").lax()
	case s.Part == CallOf && s.Call.Inline == nil:
		return missing("has a value only inside a template with a retryStrategy, not where it is called").lax()
	}
	return unchecked
}

func pod(rest string, s Site) Answer {
	switch {
	case rest != "name":
		return missing(`is no variable: pod has only "pod.name"`).near(rest, []string{"name"})
	case s.Part == Leaf && s.Template.Type.Pod():
		return known
	case s.Part == Spec:
		return open
	case s.Part == Leaf:
		return missing("has no value in a %s template, which runs no pod of its own", s.Template.Type)
	}
	return missing("has a value only inside a template that runs a pod")
}

// input answers for what follows "inputs.".
func (a *analyzer) input(rest string, s Site) Answer {
	if s.Part == Spec {
		return missing("has no value here, outside of templates").lax()
	}
	kind, name, _ := strings.Cut(rest, ".")
	switch {
	case rest == "parameters":
		return known
	case kind == "parameters":
		return a.inputParameter(name, s)
	case kind == "artifacts":
		return a.inputArtifact(name, s)
	}
	return missing(`is no variable: inputs has only "inputs.parameters" and "inputs.artifacts"`).near(kind, []string{"parameters", "artifacts"})
}

func (a *analyzer) inputParameter(name string, s Site) Answer {
	for t := s.Template; t != nil; t = t.Caller.Owner {
		if t.Inputs.Parameter(name) != nil {
			return known // what is inline sees the inputs around it
		}
		if t.Caller == nil {
			break
		}
	}
	if s.Call != nil && s.Call.Inline != nil && s.Call.Inline.Inputs.Parameter(name) != nil {
		return known
	}
	have := a.have(s.Template, "parameters", func() (have []string) {
		for _, p := range s.Template.Inputs.Parameters {
			have = append(have, p.Name.Text())
		}
		return have
	})
	if s.Template.Inputs.Artifact(name) != nil {
		return missing("names an input parameter, but %q is an input artifact of %s: write inputs.artifacts.%s", name, s.Template.Title(), name)
	}
	return missing("names an input parameter that %s does not declare%s", s.Template.Title(), listed(have)).near(name, have)
}

func (a *analyzer) inputArtifact(name string, s Site) Answer {
	name, sub, dotted := strings.Cut(name, ".")
	have := a.have(s.Template, "artifacts", func() (have []string) {
		for _, p := range s.Template.Inputs.Artifacts {
			have = append(have, p.Name.Text())
		}
		return have
	})
	switch {
	case s.Template.Inputs.Artifact(name) == nil:
		return missing("names an input artifact that %s does not declare%s", s.Template.Title(), listed(have)).near(name, have)
	case !dotted:
		return known
	case sub != "path":
		return missing(`is no variable: of an input artifact there is only ".path"`).near(sub, []string{"path"})
	case s.Part != Leaf || !s.Template.Type.Leaf():
		return missing("has a value only inside a template that runs a pod")
	}
	return known
}

// listed ends a sentence with what there is to choose from.
func listed(have []string) string {
	switch {
	case len(have) == 0:
		return "; it declares none"
	case len(have) > 6:
		return fmt.Sprintf("; it declares %s, ...", strings.Join(have[:6], ", "))
	}
	return "; it declares " + strings.Join(have, ", ")
}

// item answers for the loop variable.
func (a *analyzer) item(rest string, dotted bool, s Site) Answer {
	if s.Part != CallOf {
		if s.Part == Spec {
			return unchecked
		}
		ans := missing("has a value only in the step or task that loops, not inside the template it calls: pass it on as an argument")
		ans.Strict = dotted && s.Part != Rest && !(s.Part == Outputs && a.itemLeft(s.Template, rest))
		return ans
	}
	if !s.Call.Loops() && !dotted {
		return missing("has no value: %s has no withItems, withParam or withSequence", s.Call.Title()).lax()
	}
	if !dotted {
		return known
	}
	if a.itemKey(s.Call, rest) {
		return known
	}
	// In steps the keys of a loop stay in scope for all later steps.
	if s.Call.Group >= 0 {
		for _, c := range s.Template.Calls {
			if c == s.Call {
				break
			}
			if a.itemKey(c, rest) {
				return open
			}
		}
	}
	switch {
	case s.Call.WithParam.Text() != "":
		return known
	case !s.Call.Loops():
		return missing("has no value: %s has no withItems, withParam or withSequence", s.Call.Title())
	case s.Call.WithSequence.Set():
		return missing("has no value: the items of withSequence are plain, write {{item}}")
	}
	return missing("names a key that no item of withItems has").near(rest, a.have(s.Call, "items", func() []string { return itemKeys(s.Call) }))
}

// itemLeft reports whether a step of t has left the key of an item behind:
// the outputs are looked at with what all steps brought.
func (a *analyzer) itemLeft(t *workflow.Template, key string) bool {
	if t.Type != workflow.TypeSteps {
		return false
	}
	return slices.ContainsFunc(t.Calls, func(c *workflow.Call) bool { return a.itemKey(c, key) })
}

func (a *analyzer) itemKey(c *workflow.Call, key string) bool {
	if c.WithParam.Text() != "" {
		return true
	}
	if len(c.WithItems.Items()) == 0 {
		return false
	}
	keys, ok := a.items[c]
	if !ok {
		keys = map[string]bool{}
		for _, k := range itemKeys(c) {
			keys[k] = true
		}
		longest := 0
		for _, i := range c.WithItems.Items() {
			longest = max(longest, len(i.Items()))
		}
		for n := range longest {
			keys[fmt.Sprintf("[%d]", n)] = true
		}
		if a.items == nil {
			a.items = map[*workflow.Call]map[string]bool{}
		}
		a.items[c] = keys
	}
	return keys[key]
}

func itemKeys(c *workflow.Call) []string {
	var keys []string
	seen := map[string]bool{}
	for _, i := range c.WithItems.Items() {
		for _, f := range i.Fields() {
			if !seen[f.Key.Value] {
				seen[f.Key.Value] = true
				keys = append(keys, f.Key.Value)
			}
		}
	}
	return keys
}

package lint

import "github.com/tiphys-dev/tiphys/lint/manifest"

// Policies say what holds for an object beyond what Options say for all.
type Policies interface {
	// Terms returns what holds for an object, nil where no policy is for it. It
	// is called once for each object, from several goroutines, and must be quick.
	Terms(object *manifest.Node) *Terms
}

// Terms are what the policies that match an object want of it. They are shared
// and not changed.
type Terms struct {
	// Rules has settings of built-in rules by name. A rule that is named here
	// goes by these settings instead of Options.Severity and its own severity;
	// one that is not named goes by those.
	Rules map[string][]Setting
	// Extra are rules of the policies themselves: modules, defaults, limits.
	Extra []Extra
	// Waives reports whether a policy accepts a finding; nil if none does.
	Waives func(f *Finding) bool
	// Complete returns what an object will be once policies have written into it
	// what they want there: a tree of its own, in which what stands in the text
	// keeps its place, or the object itself. Rules judge that, unless fixes are
	// wanted, which are for the text as it stands. Nil: nothing is written, or it
	// is written already.
	Complete func(object *manifest.Node) *manifest.Node
	// Waivable reports whether the object may waive findings of a rule itself, by
	// annotation or comment; nil if it may waive none.
	Waivable func(rule string) bool
}

// A Setting is what one policy, or several that want the same, say of a rule.
// Where several settings of a rule find the same, the strictest is reported.
type Setting struct {
	// Policy names the policy that speaks.
	Policy string
	// Severity is Error for deny, Warning for warn, Info for audit, and Off.
	Severity Severity
	// Parameters fit Rule.Parameters; nil for none.
	Parameters map[string]any
}

// settings returns what policies say of a rule, and whether they say anything.
func (t *Terms) settings(r *Rule) ([]Setting, bool) {
	if t == nil {
		return nil, false
	}
	s, ok := t.Rules[r.Name]
	return s, ok
}

// strictest returns the strictest setting of a rule, nil where no policy speaks.
func (t *Terms) strictest(r *Rule) *Setting {
	var out *Setting
	all, _ := t.settings(r)
	for i := range all {
		if out == nil || all[i].Severity > out.Severity {
			out = &all[i]
		}
	}
	return out
}

// completed returns what will become of an object.
func (t *Terms) completed(object *manifest.Node) *manifest.Node {
	if t == nil || t.Complete == nil {
		return object
	}
	return t.Complete(object)
}

func (t *Terms) waivable(rule string) bool {
	return t != nil && t.Waivable != nil && t.Waivable(rule)
}

// extra reports whether a setting is that of a rule of a policy.
func (t *Terms) extra(s *Setting) bool {
	if t == nil {
		return false
	}
	for i := range t.Extra {
		if s == &t.Extra[i].Setting {
			return true
		}
	}
	return false
}

// An Extra is a rule that only a policy knows. A severity that the rule gives to
// a finding of its own counts where it is less than that of the setting.
type Extra struct {
	Rule *Rule
	Setting
}

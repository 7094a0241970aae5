package names_test

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/tiphys-dev/tiphys/lint/names"
)

type check = func(string) (string, int, bool)

func TestReasons(t *testing.T) {
	for what, c := range map[string]struct {
		check  check
		name   string
		reason string
		at     int
	}{
		"a label with an underscore":      {names.Label, "a_b", `contains "_"; use lower case letters, digits and dashes`, 1},
		"a label in upper case":           {names.Label, "Main", `contains "M"; use lower case letters, digits and dashes`, 0},
		"a label that begins with a dash": {names.Label, "-a", `begins with "-"; begin with a lower case letter or a digit`, 0},
		"a label that ends with a dash":   {names.Label, "a-", `ends with "-"; end with a lower case letter or a digit`, 1},
		"a label that is too long":        {names.Label, strings.Repeat("a", 64), "has 64 characters; at most 63 are allowed", 63},
		"an umlaut":                       {names.Label, "grün", `contains "ü"; use lower case letters, digits and dashes`, 2},
		"an object":                       {names.Subdomain, "a.b_c", `contains "_"; use lower case letters, digits, dashes and dots`, 3},
		"an object with two dots":         {names.Subdomain, "a..b", "has a dot without a name on each side", 2},
		"a template with a dot":           {names.Template, "a.b", `contains "."; use letters, digits and dashes`, 1},
		"a parameter with a dot":          {names.Parameter, "a.b", `contains "."; use letters, digits, dashes and underscores`, 1},
		"a metric with a dash":            {names.Metric, "bad-name", `contains "-"; use letters, digits and underscores`, 3},
		"a metric with a digit first":     {names.Metric, "1a", `begins with "1"; begin with a letter or an underscore`, 0},
		"a key with two slashes":          {names.LabelKey, "a/b/c", `has more than one "/"`, 3},
		"a key without a name":            {names.LabelKey, "a/", `after the "/" is empty`, 2},
		"an empty name":                   {names.Template, "", "is empty", 0},
		"a variable that begins with 1":   {names.EnvVar, "1A", `begins with "1"; begin with a letter, an underscore, a dash or a dot`, 0},
	} {
		t.Run(what, func(t *testing.T) {
			reason, at, ok := c.check(c.name)
			if ok || reason != c.reason || at != c.at {
				t.Errorf("%q: %q at %d, %v, want %q at %d", c.name, reason, at, ok, c.reason, c.at)
			}
		})
	}
}

func TestGood(t *testing.T) {
	for what, c := range map[string]struct {
		check check
		name  string
	}{
		"a template in upper case":    {names.Template, "My-name1-2-"},
		"a template with a digit":     {names.Template, "123-NAME"},
		"a parameter":                 {names.Parameter, "-my_param"},
		"a long part of a subdomain":  {names.Subdomain, strings.Repeat("a", 70)},
		"a label of Argo":             {names.LabelKey, "workflows.argoproj.io/cron-workflow"},
		"an empty value":              {names.LabelValue, ""},
		"a variable with a dot":       {names.EnvVar, "spring.profiles"},
		"a key of a Secret":           {names.ConfigKey, "tls.crt"},
		"a metric with an underscore": {names.Metric, "_x1"},
	} {
		t.Run(what, func(t *testing.T) {
			if reason, at, ok := c.check(c.name); !ok || reason != "" || at != 0 {
				t.Errorf("%q is refused: %s", c.name, reason)
			}
		})
	}
}

func FuzzNames(f *testing.F) {
	for _, s := range []string{"a", "A-b", "a.b", "x/y", "", "-", "ä", ".", "..a", "a..b", "1a"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for what, c := range map[string]struct {
			mine   check
			theirs []string
		}{
			"label":     {names.Label, validation.IsDNS1123Label(s)},
			"subdomain": {names.Subdomain, validation.IsDNS1123Subdomain(s)},
			"key":       {names.LabelKey, validation.IsQualifiedName(s)},
			"value":     {names.LabelValue, validation.IsValidLabelValue(s)},
			"variable":  {names.EnvVar, validation.IsEnvVarName(s)},
			"config":    {names.ConfigKey, validation.IsConfigMapKey(s)},
		} {
			reason, at, ok := c.mine(s)
			if ok != (len(c.theirs) == 0) {
				t.Errorf("%s %q: %v %q, Kubernetes says %q", what, s, ok, reason, c.theirs)
			}
			if at < 0 || at > len(s) {
				t.Errorf("%s %q: offset %d", what, s, at)
			}
		}
	})
}

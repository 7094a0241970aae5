// Package export writes policies for other tools.
package export

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/policies"
	"github.com/tiphys-dev/tiphys/policies/rego"
)

// An Export is a policy in the form of another tool.
type Export struct {
	// Text are its manifests in YAML.
	Text []byte
	// Notes say what is not as it was, Refused which modules cannot be had there.
	Notes, Refused []string
}

type object = map[string]any

// Gatekeeper writes a ConstraintTemplate and a Constraint for each module of a
// policy.
func Gatekeeper(p *policies.Policy) (Export, error) {
	var out Export
	var b bytes.Buffer
	note := func(format string, args ...any) { out.Notes = append(out.Notes, fmt.Sprintf(format, args...)) }
	for _, m := range p.Modules {
		if m.Severity == lint.Off {
			note("module %s is off and left out", m.Name)
			continue
		}
		portable, problems := rego.Gatekeeper(rego.Source{Policy: p.Name, Name: m.Name, Title: m.Title, Text: m.Rego})
		for _, problem := range problems {
			out.Refused = append(out.Refused, fmt.Sprintf("module %s: %s", m.Name, problem))
		}
		if problems != nil {
			continue
		}
		for _, n := range portable.Notes {
			note("module %s: %s", m.Name, n)
		}
		match, why := matchOf(&p.Match)
		for _, n := range why {
			note("module %s: %s", m.Name, n)
		}
		kind := kindOf(m.Name)
		for _, o := range []object{template(kind, m, portable), constraint(kind, p, m, match)} {
			text, err := yaml.Marshal(o)
			if err != nil {
				return out, fmt.Errorf("write module %s: %w", m.Name, err)
			}
			b.WriteString("---\n")
			b.Write(text)
		}
	}
	for what, there := range map[string]bool{
		"rules": len(p.Rules) > 0, "defaults": p.Defaults != nil, "concurrency": p.Concurrency != nil, "waivers": len(p.Waivers) > 0,
	} {
		if there {
			note("%s of the policy are no Rego, and left out", what)
		}
	}
	sortNotes(out.Notes)
	out.Text = b.Bytes()
	return out, nil
}

// kindOf makes the name of a kind: TiphysOwnerMissing.
func kindOf(name string) string {
	var b strings.Builder
	b.WriteString("Tiphys")
	for word := range strings.SplitSeq(name, "-") {
		if word != "" {
			b.WriteString(strings.ToUpper(word[:1]) + word[1:])
		}
	}
	return b.String()
}

func template(kind string, m *policies.Module, r *rego.Portable) object {
	source := object{"version": "v1", "rego": spaced(r.Rego)}
	if len(r.Libs) > 0 {
		source["libs"] = r.Libs
	}
	meta := object{"name": strings.ToLower(kind)}
	if m.Title != "" {
		meta["annotations"] = object{"description": m.Title}
	}
	return object{
		"apiVersion": "templates.gatekeeper.sh/v1",
		"kind":       "ConstraintTemplate",
		"metadata":   meta,
		"spec": object{
			"crd": object{"spec": object{
				"names":      object{"kind": kind},
				"validation": object{"openAPIV3Schema": schemaOf(m.Parameters)},
			}},
			"targets": []object{{
				"target": "admission.k8s.gatekeeper.sh",
				"code":   []object{{"engine": "Rego", "source": source}},
			}},
		},
	}
}

// spaced indents with spaces, so that YAML can show the lines as they are.
func spaced(text string) string {
	if strings.Contains(text, "`") {
		return text // a tab may be part of a string
	}
	var b strings.Builder
	for line := range strings.Lines(text) {
		rest := strings.TrimLeft(line, "\t")
		b.WriteString(strings.Repeat("  ", len(line)-len(rest)))
		b.WriteString(strings.TrimRight(rest, " \t\n") + "\n")
	}
	return b.String()
}

// actions are the enforcement actions of Gatekeeper.
var actions = map[lint.Severity]string{lint.Error: "deny", lint.Warning: "warn", lint.Info: "dryrun"}

func constraint(kind string, p *policies.Policy, m *policies.Module, match object) object {
	spec := object{"enforcementAction": actions[m.Severity], "match": match}
	if len(m.Parameters) > 0 {
		spec["parameters"] = m.Parameters
	}
	return object{
		"apiVersion": "constraints.gatekeeper.sh/v1beta1",
		"kind":       kind,
		"metadata":   object{"name": p.Name + "-" + m.Name},
		"spec":       spec,
	}
}

// schemaOf is the schema of values like these.
func schemaOf(v any) object {
	switch v := v.(type) {
	case string:
		return object{"type": "string"}
	case bool:
		return object{"type": "boolean"}
	case int64, int:
		return object{"type": "integer"}
	case float64, json.Number:
		return object{"type": "number"}
	case []any:
		if len(v) == 0 {
			return object{"type": "array", "items": object{"x-kubernetes-preserve-unknown-fields": true}}
		}
		return object{"type": "array", "items": schemaOf(v[0])}
	case map[string]any:
		if len(v) == 0 {
			return object{"type": "object"}
		}
		properties := object{}
		for k, e := range v {
			properties[k] = schemaOf(e)
		}
		return object{"type": "object", "properties": properties}
	}
	return object{"x-kubernetes-preserve-unknown-fields": true}
}

package render

import (
	"fmt"

	"helm.sh/helm/v3/pkg/strvals"
	"sigs.k8s.io/yaml"
)

// ParseValues reads the text of a file of values as Helm does; an empty one is
// an empty map. The error quotes nothing of the text.
func ParseValues(text []byte) (map[string]any, error) {
	values := map[string]any{}
	if err := yaml.Unmarshal(text, &values); err != nil {
		return nil, errNotMap
	}
	if values == nil {
		values = map[string]any{}
	}
	return values, nil
}

// MergeValues merges files of values, the weaker first, as Helm merges -f
// files: maps merge, anything else replaces. Nothing given is changed.
func MergeValues(layers ...map[string]any) map[string]any {
	out := map[string]any{}
	for _, l := range layers {
		out = merge(out, l)
	}
	return clone(out).(map[string]any)
}

func merge(base, over map[string]any) map[string]any {
	out := make(map[string]any, len(base)+len(over))
	for k, v := range base {
		out[k] = v
	}
	for k, v := range over {
		if b, ok := out[k].(map[string]any); ok {
			if m, ok := v.(map[string]any); ok {
				out[k] = merge(b, m)
				continue
			}
		}
		out[k] = v
	}
	return out
}

// Sets are values of a command line, in Helm's words.
type Sets struct {
	JSON, Set, String, File, Literal []string
}

// Apply sets the values in the map, in Helm's order: --set-json, --set,
// --set-string, --set-file, --set-literal. Read reads a file for --set-file.
func (s Sets) Apply(values map[string]any, read func(name string) ([]byte, error)) error {
	each := func(flag string, all []string, set func(string) error) error {
		for _, v := range all {
			if err := set(v); err != nil {
				return fmt.Errorf("%s: %w", flag, err)
			}
		}
		return nil
	}
	file := func(name []rune) (any, error) {
		text, err := read(string(name))
		return string(text), err
	}
	if err := each("--set-json", s.JSON, func(v string) error { return strvals.ParseJSON(v, values) }); err != nil {
		return err
	}
	if err := each("--set", s.Set, func(v string) error { return strvals.ParseInto(v, values) }); err != nil {
		return err
	}
	if err := each("--set-string", s.String, func(v string) error { return strvals.ParseIntoString(v, values) }); err != nil {
		return err
	}
	if err := each("--set-file", s.File, func(v string) error { return strvals.ParseIntoFile(v, values, file) }); err != nil {
		return err
	}
	return each("--set-literal", s.Literal, func(v string) error { return strvals.ParseLiteralInto(v, values) })
}

package environment

import (
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/source"
)

// A Subchart is a dependency of a chart that is switched on.
type Subchart struct {
	// Path are the keys under which the chart sets its values: its name, or its
	// alias, below those of the subcharts that it is in.
	Path []string
	// Values and Schema are its values.yaml and values.schema.json, nil when it
	// has none; the names are those to print.
	ValuesName, SchemaName string
	Values, Schema         []byte
}

// Complete lays the values over the defaults of subcharts, as Helm does, and
// checks them by the schemas of subcharts. Values of global are not handed
// down: they stand where they were set. Outer subcharts come first.
func (s *Set) Complete(v *Values, subcharts []Subchart) error {
	if v.Root == nil {
		return nil
	}
	for _, c := range subcharts {
		if c.Values == nil {
			continue
		}
		d := &document{file: source.NewFile(c.ValuesName, c.Values)}
		s.reader.parse(d)
		parent := v.Root.At(c.Path[:len(c.Path)-1]...)
		defaults := tree(d)
		if parent == nil || parent.Kind != manifest.Map || defaults == nil {
			continue
		}
		key := c.Path[len(c.Path)-1]
		if set := parent.Get(key); set == nil || set.Kind == manifest.Map {
			merged := coalesce(defaults, set)
			merged.Key = key
			parent.set(merged)
		}
	}
	for _, c := range subcharts {
		at := v.Root.At(c.Path...)
		if c.Schema == nil || at == nil {
			continue
		}
		d := &document{file: source.NewFile(c.SchemaName, c.Schema)}
		s.reader.parse(d)
		s.checkBy(s.schemaOf(d), at)
	}
	v.Findings = s.reader.findings(v.Findings)
	return nil
}

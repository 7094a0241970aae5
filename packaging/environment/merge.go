package environment

import "github.com/tiphys-dev/tiphys/lint/manifest"

// overlay merges files of values as helm -f a -f b does: maps merge, anything
// else is replaced, null included. It returns base changed, over used up.
func overlay(base, over *Value) *Value {
	if base == nil || base.Kind != manifest.Map || over.Kind != manifest.Map {
		return over
	}
	for _, c := range over.Fields {
		base.set(overlay(base.Get(c.Key), c))
	}
	base.moved(over)
	return base
}

// coalesce puts the values over the defaults of a chart, as Helm does: a null
// removes the default, and stays a null where there is none. A map and what is
// no map do not mix: the value wins.
func coalesce(defaults, values *Value) *Value {
	if defaults == nil || values == nil {
		if values == nil {
			return defaults
		}
		return values
	}
	top := defaults.Parent == nil
	for _, c := range values.Fields {
		have := defaults.Get(c.Key)
		switch {
		case have != nil && c.Kind == manifest.Null && (top || have.Kind != manifest.Null):
			have.node = nil // marks what is removed below, so that the order of the others stays
		case have != nil && have.Kind == manifest.Map && c.Kind == manifest.Map:
			coalesce(have, c)
		default:
			defaults.set(c)
		}
	}
	defaults.keep(func(c *Value) bool { return c.node != nil })
	defaults.moved(values)
	return defaults
}

// moved says that the map now stands where by does, which was merged into it.
func (v *Value) moved(by *Value) { v.node, v.from, v.Secret = by.node, by.from, by.Secret }

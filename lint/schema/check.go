package schema

import (
	"encoding/base64"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/tiphys-dev/tiphys/lint/manifest"
)

// A Checker checks values against types.
type Checker struct {
	// Argo is the version of Argo Workflows that the values are for.
	Argo Version
	// Report is called for each problem, in the order of the text.
	Report func(Problem)

	above []place // the objects around the one at hand, outermost first
	floor int     // where in above the innermost Kubernetes object begins
	hints int     // how many unknown fields were looked up elsewhere
}

// A place is an object on the way down.
type place struct {
	node *manifest.Node
	typ  *Type
}

// Check checks an object of a kind against the newest version. An object of a
// kind that is not known has no problems.
func Check(object *manifest.Node, kind string, report func(Problem)) {
	if t := Lookup(kind); t != nil {
		c := Checker{Report: report}
		c.Check(object, t)
	}
}

// Check checks n, which may be nil, against t. It takes time linear in the
// size of n, and no memory worth naming when nothing is wrong.
func (c *Checker) Check(n *manifest.Node, t *Type) {
	if !n.Set() || t.Shape == Any {
		return
	}
	switch t.Shape {
	case Object:
		c.object(n, t)
	case Map:
		if n.Kind != manifest.Map {
			c.wrongType(n, t)
			return
		}
		c.each(n.Children, t.Elem())
	case List:
		if n.Kind != manifest.List {
			c.wrongType(n, t)
			return
		}
		c.each(n.Children, t.Elem())
	case OneKey:
		if n.Kind != manifest.Map || len(n.Children) != 1 {
			c.wrongType(n, t)
		}
	case Embedded:
		c.embedded(n, t)
	case String:
		switch {
		case n.Kind != manifest.String:
			c.wrongType(n, t)
		case !t.allows(n.Value) && !strings.Contains(n.Value, "{{"):
			c.badValue(n, t)
		}
	case AnyString:
		if n.Kind >= manifest.List {
			c.lostValue(n, t)
		}
	default:
		if !t.takes(n) {
			c.wrongType(n, t)
		}
	}
}

func (c *Checker) each(nodes []*manifest.Node, t *Type) {
	if t.Shape == Any {
		return
	}
	for _, n := range nodes {
		c.Check(n, t)
	}
}

func (c *Checker) object(n *manifest.Node, t *Type) {
	if n.Kind != manifest.Map {
		c.wrongType(n, t)
		return
	}
	if c.above == nil {
		c.above = make([]place, 0, 16) // deeper than most objects are
	}
	c.above = append(c.above, place{n, t})
	for _, child := range n.Children {
		f := t.Field(child.Key.Value)
		switch {
		case f == nil:
			c.unknownField(child, t)
		case !f.Has(c.Argo):
			c.otherVersion(child, t, f)
		default:
			c.Check(child, f.Type())
		}
	}
	c.above = c.above[:len(c.above)-1]
}

// embedded checks a Kubernetes object that stands in another.
func (c *Checker) embedded(n *manifest.Node, t *Type) {
	if n.Kind != manifest.Map {
		c.wrongType(n, t)
		return
	}
	if of := Of(n); of != nil {
		floor := c.floor
		c.floor = len(c.above) // a field of the one object never belongs in the other
		c.Check(n, of)
		c.floor = floor
	}
}

// takes reports whether a scalar type takes the value.
func (t *Type) takes(n *manifest.Node) bool {
	isString := n.Kind == manifest.String
	switch t.Shape {
	case Bool:
		return n.Kind == manifest.Bool
	case Int32:
		return integer(n, math.MinInt32, math.MaxInt32)
	case Int64:
		return integer(n, math.MinInt64, math.MaxInt64)
	case Uint64:
		return integer(n, 0, math.MaxUint64)
	case Number:
		return number(n)
	case IntOrString:
		return isString || integer(n, math.MinInt32, math.MaxInt32)
	case Int64OrString:
		return isString || integer(n, math.MinInt64, math.MaxInt64)
	case Quantity:
		return isString || number(n)
	case Bytes:
		_, err := base64.StdEncoding.DecodeString(n.Value)
		return isString && err == nil
	case Time:
		_, err := time.Parse(time.RFC3339, n.Value)
		return isString && err == nil
	}
	return true
}

func number(n *manifest.Node) bool { return n.Kind == manifest.Int || n.Kind == manifest.Float }

// integer reports whether n is an integer in [least, most]. 1.0 and 1e3 are:
// YAML readers and the API server make them 1 and 1000 before Go's decoder,
// which would refuse them, comes to see them.
func integer(n *manifest.Node, least int64, most uint64) bool {
	switch n.Kind {
	case manifest.Int:
		if i, err := strconv.ParseInt(n.Value, 10, 64); err == nil {
			return i >= least && (i < 0 || uint64(i) <= most)
		}
		u, err := strconv.ParseUint(n.Value, 10, 64)
		return err == nil && u <= most
	case manifest.Float:
		f, err := strconv.ParseFloat(n.Value, 64)
		return err == nil && f == math.Trunc(f) && f >= float64(least) && f < float64(most) && math.Abs(f) < 1e21
	}
	return false
}

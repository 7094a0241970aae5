package schema

import (
	"strconv"

	"github.com/tiphys-dev/tiphys/lint/manifest"
)

var shapes = [...]string{
	Any: "anything", Object: "an object", Map: "an object", List: "a list", OneKey: "an object with one key", Embedded: "an object",
	String: "a string", AnyString: "a string, number or boolean", Bytes: "a string in base64", Time: "a time such as 2006-01-02T15:04:05Z",
	Quantity: "a quantity such as 500m or 1Gi", Bool: "true or false", Int32: "an integer", Int64: "an integer", Uint64: "an integer from 0",
	Number: "a number", IntOrString: "an integer or a string", Int64OrString: "an integer or a string",
}

// String says what a value of the shape is, with an article.
func (s Shape) String() string { return shapes[s] }

// integral reports whether the shape is an integer, or takes one beside strings.
func (s Shape) integral() bool {
	return s == Int32 || s == Int64 || s == Uint64 || s == IntOrString || s == Int64OrString
}

// title names an object: by its type, else by where it stands.
func title(n *manifest.Node, t *Type) string {
	if t.Title != "" {
		return t.Title
	}
	return label(n)
}

// label names a value by its field.
func label(n *manifest.Node) string {
	switch {
	case n.Parent == nil:
		return "the document"
	case n.Key == nil && n.Parent.Key != nil:
		return "an item of " + quote(n.Parent.Key.Value)
	case n.Key == nil:
		return "an item"
	}
	return quote(n.Key.Value)
}

// plain is label without quotes around the name of a field.
func plain(n *manifest.Node) string {
	if n.Key != nil {
		return short(n.Key.Value)
	}
	return label(n)
}

// got describes the value that is there.
func got(n *manifest.Node) string {
	switch n.Kind {
	case manifest.Bool:
		return n.Value
	case manifest.String:
		return "the string " + quote(n.Value)
	case manifest.List:
		return "a list"
	case manifest.Map:
		return "an object"
	}
	return "the " + n.Kind.String() + " " + short(n.Value)
}

// quote quotes the beginning of a text: a message is a line.
func quote(s string) string { return strconv.Quote(short(s)) }

func short(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	n := 0
	for i := range s { // cut between runes
		if i > most-3 {
			break
		}
		n = i
	}
	return s[:n] + "..."
}

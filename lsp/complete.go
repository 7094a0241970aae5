package lsp

import (
	"context"
	"fmt"
	"strings"

	"github.com/tiphys-dev/tiphys/lint/schema"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

// A completer finds what may stand at the cursor.
type completer struct {
	*view
	*place
	off     int
	version schema.Version
	kind    string
	flow    *workflow.Workflow
	// template and call hold the cursor; they are nil where it is in none, or
	// in one that is not understood yet.
	template *workflow.Template
	call     *workflow.Call
	// calls is the index in path of the item that is a step or task, -1 for none.
	calls int
	items []completionItem
}

// An offer is one thing that may stand at the cursor.
type offer struct {
	name   string
	kind   int
	detail string
	about  string
}

// completed answers what may be written at an offset.
func completed(ctx context.Context, s *server, d *document, off int) any {
	none := completionList{Items: []completionItem{}}
	if d.isJSON() || len(d.text) > textLimit {
		return none
	}
	settings := s.settings(ctx, s.folderOf(d))
	c := &completer{
		view: s.look(d, d.near(off)), place: d.placeAt(off), off: off,
		version: schema.Version(settings.Lint.Argo),
	}
	c.find()
	switch body, open := openTag(c.before); {
	case open:
		c.tag(body)
	case c.prose || strings.Contains(c.before, " #") || strings.HasPrefix(strings.TrimSpace(c.before), "#"):
	default:
		if !c.values() && c.key {
			c.keys()
		}
	}
	if c.items == nil {
		return none
	}
	return completionList{Items: c.items}
}

// openTag returns what is written of a tag that is not closed before the cursor.
func openTag(before string) (body string, open bool) {
	i := strings.LastIndex(before, "{{")
	if i < 0 || strings.Contains(before[i:], "}}") {
		return "", false
	}
	return before[i+2:], true
}

// find works out in which workflow, template and call the cursor stands.
func (c *completer) find() {
	c.kind = c.level(c.line, 0)["kind"].value
	c.calls = -1
	name := ""
	in := false
	for i := 0; i+1 < len(c.path); i++ {
		if c.path[i+1].key != "" {
			continue
		}
		switch c.path[i].key {
		case "templates":
			in, name = true, c.at(i + 1)["name"].value
		case "tasks", "steps":
			if in {
				c.calls = i + 1
				if i+2 < len(c.path) && c.path[i+2].key == "" {
					c.calls++ // a step in its group
				}
			}
		}
	}
	c.flow = c.workflow(name)
	if name == "" {
		return
	}
	c.template = c.flow.Template(name)
	if c.template == nil || c.calls < 0 {
		return
	}
	if c.call = c.template.Call(c.at(c.calls)["name"].value); c.call == nil || c.call.Inline == nil {
		return
	}
	for _, s := range c.path[c.calls:] {
		if s.key == "inline" {
			c.template, c.call, c.calls = c.call.Inline, nil, -1
			return
		}
	}
}

// workflow returns the workflow around the cursor, one without anything if
// nothing is known of it.
func (c *completer) workflow(template string) *workflow.Workflow {
	if c.part == nil || len(c.part.flows) == 0 {
		return &workflow.Workflow{Kind: c.kind}
	}
	for _, w := range c.part.flows {
		if w.Root.Start <= c.off && c.off <= w.Root.End {
			return w
		}
	}
	for _, w := range c.part.flows {
		if w.Template(template) != nil {
			return w
		}
	}
	return c.part.flows[0]
}

// typ returns the type that the schema gives the place at the end of the path.
func (c *completer) typ(path []step) *schema.Type {
	t := schema.Lookup(c.kind)
	if c.kind == "List" && len(path) > 1 && path[0].key == "items" {
		t, path = schema.Lookup(c.at(1)["kind"].value), path[2:]
	}
	from := len(c.path) - len(path)
	for i, s := range path {
		switch {
		case t == nil:
			return nil
		case t.Shape == schema.Embedded:
			if t = schema.Lookup(c.at(from + i)["kind"].value); t == nil {
				return nil
			}
		}
		switch {
		case s.key == "" && t.Shape == schema.List, s.key != "" && t.Shape == schema.Map:
			t = t.Elem()
		case s.key != "" && t.Shape == schema.Object:
			f := t.Field(s.key)
			if f == nil {
				return nil
			}
			t = f.Type()
		default:
			return nil
		}
	}
	if t != nil && t.Shape == schema.Embedded {
		return schema.Lookup(c.fields["kind"].value)
	}
	return t
}

// keys offers the fields that the map around the cursor may have besides.
func (c *completer) keys() {
	var offers []offer
	t := c.typ(c.path)
	switch {
	case len(c.path) == 0 && t == nil:
		for _, name := range []string{"apiVersion", "kind", "metadata", "spec"} {
			offers = append(offers, offer{name: name, kind: kindProperty})
		}
	case t == nil || t.Shape != schema.Object:
		return
	default:
		for i := range t.Fields() {
			f := &t.Fields()[i]
			if f.Has(c.version) {
				offers = append(offers, offer{f.Name, kindProperty, describeType(f.Type()), fieldDoc(f)})
			}
		}
	}
	colon, rest := ": ", strings.TrimLeft(c.after, wordBytes)
	if strings.HasPrefix(rest, ":") {
		colon = ""
	}
	word := c.word + strings.TrimSuffix(c.after, rest)
	for _, o := range offers {
		if _, have := c.fields[o.name]; have && o.name != word {
			continue
		}
		c.offer(o, len(c.word), o.name+colon)
	}
}

// values offers what may stand as a value, or as an item of a list; it reports
// whether anything may.
func (c *completer) values() bool {
	names, ok := c.names()
	if !ok {
		names, ok = c.enum()
	}
	if !ok {
		return false
	}
	typed := len(c.word)
	if field := c.list(); field == "depends" || field == "target" {
		typed = len(c.word) - 1 - strings.LastIndexAny(c.word, " ()&|!.")
	}
	for _, o := range names {
		text := o.name
		if !c.key && strings.HasSuffix(c.before, ":") {
			text = " " + text
		}
		c.offer(o, typed, text)
	}
	return true
}

// wordBytes are what names consist of.
const wordBytes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"

// offer adds an item that takes the place of the typed bytes before the cursor
// and of the rest of the word behind it.
func (c *completer) offer(o offer, typed int, text string) {
	rest := len(c.after) - len(strings.TrimLeft(c.after, wordBytes))
	item := completionItem{
		Label: o.name, Kind: o.kind, Detail: o.detail, SortText: fmt.Sprintf("%05d", len(c.items)),
		TextEdit: textEdit{c.lines.span(c.off-typed, c.off+rest), text},
	}
	if o.about != "" {
		m := c.server.markup(o.about)
		item.Documentation = &m
	}
	c.items = append(c.items, item)
}

package lsp

import (
	"fmt"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/page"
	"github.com/tiphys-dev/tiphys/lint/resolve"
	"github.com/tiphys-dev/tiphys/lint/schema"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

// code is a name of the user's as Markdown.
func code(name string) string { return "`" + strings.ReplaceAll(name, "`", "'") + "`" }

// describeTemplate is the signature of a template as Markdown.
func describeTemplate(c resolve.Callee) string {
	var b strings.Builder
	switch {
	case c.Inline:
		b.WriteString("an inline template")
	default:
		b.WriteString("template " + code(c.Name))
	}
	if c.Type != workflow.NoType {
		fmt.Fprintf(&b, " (%s)", c.Type)
	}
	if c.Library != nil {
		fmt.Fprintf(&b, " of %s %s", c.Library.Kind, code(c.Library.Name))
	}
	b.WriteString("\n\n")
	takes(&b, "inputs", c.Inputs, c.InFiles)
	if len(c.Outputs)+len(c.OutFiles) > 0 || c.Result {
		b.WriteString("outputs:\n")
		for _, name := range c.Outputs {
			fmt.Fprintf(&b, "- parameter %s\n", code(name))
		}
		for _, name := range c.OutFiles {
			fmt.Fprintf(&b, "- artifact %s\n", code(name))
		}
		if c.Result {
			b.WriteString("- `result`\n")
		}
	}
	return strings.TrimSpace(b.String())
}

// takes lists parameters and artifacts. Their values are not shown: they may
// be secret.
func takes(b *strings.Builder, title string, parameters []resolve.Parameter, artifacts []resolve.Artifact) {
	if len(parameters)+len(artifacts) == 0 {
		return
	}
	b.WriteString(title + ":\n")
	for _, p := range parameters {
		fmt.Fprintf(b, "- parameter %s%s", code(p.Name), need(p.Filled))
		if len(p.Enum) > 0 {
			fmt.Fprintf(b, ", one of %s", code(strings.Join(p.Enum, ", ")))
		}
		b.WriteByte('\n')
	}
	for _, a := range artifacts {
		fmt.Fprintf(b, "- artifact %s%s\n", code(a.Name), need(a.Filled))
	}
	b.WriteByte('\n')
}

func need(filled bool) string {
	if filled {
		return ", optional"
	}
	return ", required"
}

func describeLibrary(l *resolve.Library) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n\n", l.Kind, code(l.Name))
	takes(&b, "arguments", l.Parameters, l.Artifacts)
	if len(l.Templates) > 0 {
		b.WriteString("templates:\n")
	}
	for _, t := range l.Templates {
		fmt.Fprintf(&b, "- %s (%s)\n", code(t.Name), t.Type)
	}
	return strings.TrimSpace(b.String())
}

func describeParameter(p *workflow.Parameter, of string) string {
	text := "parameter " + code(p.Name.Text()) + ", " + of
	if d := p.Node.Get("description").Text(); d != "" {
		text += "\n\n" + d
	}
	return text
}

// describeField is a field of the schema as Markdown.
func describeField(f *schema.Field) string {
	text := code(f.Name) + ": " + describeType(f.Type())
	if doc := fieldDoc(f); doc != "" {
		text += "\n\n" + doc
	}
	return text
}

// fieldDoc is what editors show of a field.
func fieldDoc(f *schema.Field) string {
	doc := f.Doc
	if doc == "" {
		doc = f.Type().Doc
	}
	var none schema.Version
	var notes []string
	if f.Since != none {
		notes = append(notes, fmt.Sprintf("since Argo Workflows %d.%d", f.Since.Major, f.Since.Minor))
	}
	if f.Until != none {
		note := fmt.Sprintf("gone in Argo Workflows %d.%d", f.Until.Major, f.Until.Minor)
		if f.Use != "" {
			note += ": use " + code(f.Use)
		}
		notes = append(notes, note)
	}
	return strings.TrimSpace(doc + "\n\n" + strings.Join(notes, ", "))
}

// describeType says in a few words what values a type has.
func describeType(t *schema.Type) string {
	switch {
	case t == nil:
		return "anything"
	case t.Shape == schema.List:
		return "list, each " + describeType(t.Elem())
	case t.Shape == schema.Map:
		return "map, each value " + describeType(t.Elem())
	case t.Title != "":
		return t.Title
	case t.Enum != nil:
		return "one of " + strings.Join(t.Enum, ", ")
	}
	return t.Shape.String()
}

// describeRule is the page of a rule as Markdown.
func describeRule(r *lint.Rule) string {
	return fmt.Sprintf("### %s\n\n%s\n\n[%s](%s%s.md)", page.Title(r.Page), page.Prose(r.Page), r.Name, pages, r.Name)
}

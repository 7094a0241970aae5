package release

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
	"sigs.k8s.io/yaml"
)

// objectIn names the object in a document.
func objectIn(doc, namespace string) Object {
	var head struct {
		APIVersion, Kind string
		Metadata         struct{ Name, Namespace string }
	}
	if err := yaml.Unmarshal([]byte(doc), &head); err != nil {
		return Object{Kind: "object"}
	}
	o := Object{APIVersion: head.APIVersion, Kind: head.Kind, Namespace: head.Metadata.Namespace, Name: head.Metadata.Name}
	if o.Namespace == "" {
		o.Namespace = namespace
	}
	return o
}

const (
	red, green, bold, plain = "\x1b[31m", "\x1b[32m", "\x1b[1m", "\x1b[0m"
)

// WriteDiff prints changes as unified diffs, and a summary; with colour for a
// terminal.
func WriteDiff(w io.Writer, changes []Change, color bool) error {
	var b bytes.Buffer
	count := map[Action]int{}
	refused := 0
	for _, c := range changes {
		count[c.Action]++
		if c.Action == Same && c.Refused == "" {
			continue
		}
		heading(&b, c, color)
		if c.Refused != "" {
			refused++
			fmt.Fprintf(&b, "  the cluster would refuse it: %s\n", c.Refused)
		}
		if c.Action == Create || c.Action == Update {
			body(&b, c, color)
		}
	}
	fmt.Fprintf(&b, "%d to create, %d to change, %d to remove, %d unchanged", count[Create], count[Update], count[Delete], count[Same])
	if n := count[Keep]; n > 0 {
		fmt.Fprintf(&b, ", %d to leave behind", n)
	}
	if n := count[Hook]; n > 0 {
		fmt.Fprintf(&b, ", %d hooks to run", n)
	}
	if refused > 0 {
		fmt.Fprintf(&b, "; %d would be refused", refused)
	}
	b.WriteByte('\n')
	_, err := w.Write(b.Bytes())
	return err
}

func heading(b *bytes.Buffer, c Change, color bool) {
	verb := map[Action]string{Create: "create", Update: "change", Delete: "remove", Keep: "leave behind", Hook: "run", Same: "leave"}[c.Action]
	line := fmt.Sprintf("%s %s %s/%s (%s)", verb, c.Kind, c.Namespace, c.Name, c.APIVersion)
	if c.Namespace == "" {
		line = fmt.Sprintf("%s %s %s (%s)", verb, c.Kind, c.Name, c.APIVersion)
	}
	if c.Beside {
		line += ", beside the record"
	}
	if c.Note != "" {
		line += ": " + c.Note
	}
	if color {
		line = bold + line + plain
	}
	b.WriteString(line + "\n")
}

func body(b *bytes.Buffer, c Change, color bool) {
	text := string(diff.Diff("live", []byte(c.Before), "new", []byte(c.After)))
	for i, line := range strings.SplitAfter(text, "\n") {
		if i < 3 || line == "" { // "diff live new", "--- live", "+++ new"
			continue
		}
		mark := ""
		switch {
		case color && line[0] == '+':
			mark = green
		case color && line[0] == '-':
			mark = red
		}
		b.WriteString("  ")
		if mark != "" {
			line = mark + strings.TrimSuffix(line, "\n") + plain + "\n"
		}
		b.WriteString(line)
	}
}

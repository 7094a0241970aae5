// Package guides runs what the documentation has its readers type. A page is run
// from top to bottom in one shell, in a fresh clone of the project, with a home
// of its own and, where one is needed, an API server of its own.
//
// What is run stands right below a marker:
//
//	<!-- guide -->           ```sh: each command must succeed. ```console: commands
//	                         after "$ ", continued after "> ", and what they print.
//	<!-- guide: fails 1 -->  the block ends with this exit code
//	<!-- guide: in time -->  ```console: repeated until it prints that, for what a
//	                         cluster does in its own time
//	<!-- guide: file X -->   the block of any language becomes the file X, which the
//	                         text must have named
//	<!-- setup               shell lines that the reader does not see: what he has
//	...                      already, and what stands in for what cannot be had
//	-->                      here (see prepare)
//
// In what is printed, a line "..." stands for any lines, and … for any text within
// a line.
package guides

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A Kind is what is to be done with a block.
type Kind string

// What a page has: blocks of a language, and setup.
const (
	Shell   Kind = "sh"
	Console Kind = "console"
	File    Kind = "file"
	Setup   Kind = "setup"
	Other   Kind = "" // nothing is to be done
)

// A Block is a fenced block of a page, or a setup.
type Block struct {
	Kind   Kind
	Marker string // the comment on the line before, without its arrows
	Line   int    // of the first line of Text, from 1
	Text   string
	Start  int // where Text starts in the page; 0 if its lines are indented
	Fails  int // the exit code to end with
	InTime bool
	Path   string // of a File
}

// typed tells whether readers would type what is in a block.
func typed(language string) bool {
	return slices.Contains([]string{"sh", "console", "bash", "shell", "zsh"}, language)
}

var (
	fence  = regexp.MustCompile("^( *)(```+)([A-Za-z]*)")
	marker = regexp.MustCompile(`^ *<!-- (.+) -->$`)
)

// Blocks returns the blocks of a page that readers would type or that have a
// marker, and what is wrong with its markers.
func Blocks(text string) (blocks []Block, wrong []error) {
	lines := strings.SplitAfter(text, "\n")
	at, before := 0, ""
	for i := 0; i < len(lines); i++ {
		line := strings.TrimRight(lines[i], "\n")
		end, first := i, at+len(lines[i])
		var b Block
		switch m := fence.FindStringSubmatch(line); {
		case line == "<!-- setup":
			end = find(lines, i, func(l string) bool { return l == "-->" })
			b = Block{Kind: Setup, Marker: "setup"}
		case m != nil:
			end = find(lines, i, func(l string) bool { return strings.TrimLeft(l, " ") == m[2] })
			b = Block{Kind: Other}
			if w := marker.FindStringSubmatch(before); w != nil {
				b.Marker = w[1]
			}
			if err := b.mark(m[3]); err != nil {
				wrong = append(wrong, fmt.Errorf("line %d: %w", i+1, err))
			}
			if !typed(m[3]) && b.Kind == Other {
				b.Marker = "-" // nobody's business
			}
		default:
			before, at = line, first
			continue
		}
		if end == len(lines) {
			return blocks, append(wrong, fmt.Errorf("line %d: this block does not end", i+1))
		}
		b.Line, b.Start = i+2, first
		b.Text = strings.Join(lines[i+1:end], "")
		if m := fence.FindStringSubmatch(line); m != nil && m[1] != "" {
			b.Text, b.Start = dedent(b.Text, m[1]), 0
		}
		if b.Kind == File && !strings.Contains(text[:at], "`"+b.Path+"`") {
			wrong = append(wrong, fmt.Errorf("line %d: the text does not say that this is the file %s", i+1, b.Path))
		}
		if b.Marker != "-" {
			blocks = append(blocks, b)
		}
		for ; i <= end; i++ {
			at += len(lines[i])
		}
		i, before = end, ""
	}
	return blocks, wrong
}

func find(lines []string, from int, f func(string) bool) int {
	for i := from + 1; i < len(lines); i++ {
		if f(strings.TrimRight(lines[i], "\n")) {
			return i
		}
	}
	return len(lines)
}

func dedent(text, by string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(strings.TrimPrefix(line, by))
	}
	return b.String()
}

// mark reads the marker of a block.
func (b *Block) mark(language string) error {
	word, ok := strings.CutPrefix(b.Marker, "guide")
	if !ok {
		return nil
	}
	b.Kind = Kind(language)
	if path, ok := strings.CutPrefix(word, ": file "); ok {
		b.Kind, b.Path = File, path
		return nil
	}
	if b.Kind != Shell && b.Kind != Console {
		return fmt.Errorf("a guide is ```sh or ```console and not ```%s", language)
	}
	if code, ok := strings.CutPrefix(word, ": fails "); ok {
		n, err := strconv.Atoi(code)
		if err != nil || n == 0 {
			return fmt.Errorf("%q is no exit code to fail with", code)
		}
		b.Fails = n
		return nil
	}
	switch word {
	case "":
	case ": in time":
		b.InTime = true
		if b.Kind != Console {
			return fmt.Errorf("only a ```console can come true in time")
		}
	default:
		return fmt.Errorf("%q is no marker", b.Marker)
	}
	return nil
}

// A Command is one of a console, with what it prints.
type Command struct{ Typed, Prints string }

// Commands are those of a console.
func (b Block) Commands() (all []Command) {
	typing := false
	for line := range strings.Lines(b.Text) {
		if c, ok := strings.CutPrefix(line, "$ "); ok {
			all = append(all, Command{Typed: c})
			typing = true
			continue
		}
		if len(all) == 0 {
			all = append(all, Command{}) // what stands before the first command is printed by none
		}
		last := &all[len(all)-1]
		if c, ok := strings.CutPrefix(line, "> "); ok && typing {
			last.Typed += c
			continue
		}
		typing = false
		last.Prints += line
	}
	return all
}

// Written is how a console shows a command.
func (c Command) Written() string {
	return "$ " + strings.ReplaceAll(strings.TrimSuffix(c.Typed, "\n"), "\n", "\n> ") + "\n" + c.Prints
}

// Exact tells whether it says all that is printed.
func (c Command) Exact() bool {
	return !strings.Contains(c.Prints, "…") && !strings.Contains("\n"+c.Prints, "\n...\n")
}

// Matches tells whether a command printed what is written.
func (c Command) Matches(printed string) bool {
	var b strings.Builder
	b.WriteString(`\A`)
	for line := range strings.Lines(tidy(c.Prints)) {
		line = strings.TrimSuffix(line, "\n")
		if line == "..." {
			b.WriteString(`(?:.*\n)*?`)
			continue
		}
		parts := strings.Split(line, "…")
		for i, p := range parts {
			if i > 0 {
				p = strings.TrimLeft(p, " ") // columns are as wide as what is in them
			}
			if i < len(parts)-1 {
				p = strings.TrimRight(p, " ")
			}
			parts[i] = regexp.QuoteMeta(p)
		}
		b.WriteString(strings.Join(parts, `.*`) + `\n`)
	}
	return regexp.MustCompile(b.String() + `\z`).MatchString(tidy(printed))
}

// tidy removes spaces at the end of lines, which editors do too.
func tidy(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return b.String()
}

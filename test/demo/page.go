package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// A page is docs/demo.md as it is played: its chapters are the sections whose
// titles begin with a number, and the one after those is its end.
type page struct {
	chapters []chapter
	secret   []string // texts that nothing may print
}

type chapter struct {
	title string
	parts []part
}

// A part is a paragraph, a command, or one of two marks.
type part struct {
	text    string
	step    *step
	cluster bool   // from here on, the API server is needed
	hidden  string // a command that is run and not shown
}

// A step is a command, and what it should answer.
type step struct {
	command string
	exit    int
	until   bool     // it is run again until it answers so
	want    []string // lines; "..." is any lines, and … any text within one; none is anything
}

var (
	marker = regexp.MustCompile(`^<!-- run: demo(, until)?(?:, exit (\d+))? -->$`)
	link   = regexp.MustCompile(`\[([^\]]+)\]\(([^)]+)\)`)
)

// parse reads the page.
func parse(markdown string) (*page, error) {
	p, lines := &page{}, strings.Split(markdown, "\n")
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		here := func() *chapter { return &p.chapters[len(p.chapters)-1] }
		title, heading := strings.CutPrefix(line, "## ")
		switch {
		case strings.HasPrefix(line, "<!-- secret: "):
			p.secret = append(p.secret, strings.TrimSuffix(strings.TrimPrefix(line, "<!-- secret: "), " -->"))
		case heading && numbered(title):
			p.chapters = append(p.chapters, chapter{title: title})
		case heading && len(p.chapters) > 0 && numbered(here().title):
			p.chapters = append(p.chapters, chapter{title: title}) // what was seen
		case heading && len(p.chapters) > 0:
			return p, nil // how it is done
		case len(p.chapters) == 0, line == "", strings.HasPrefix(line, "!["):
		case line == "<!-- cluster -->":
			here().parts = append(here().parts, part{cluster: true})
		case line == "<!-- setup":
			end := i + 1
			for end < len(lines) && lines[end] != "-->" {
				end++
			}
			here().parts = append(here().parts, part{hidden: strings.Join(lines[i+1:end], "\n")})
			i = end
		case marker.MatchString(line):
			s, last, err := block(lines, i)
			if err != nil {
				return nil, err
			}
			here().parts = append(here().parts, part{step: s})
			i = last
		case strings.HasPrefix(line, "```"):
			return nil, fmt.Errorf("docs/demo.md:%d: a block of the demo needs <!-- run: demo --> before it", i+1)
		default:
			end := i
			for end+1 < len(lines) && lines[end+1] != "" && !strings.HasPrefix(lines[end+1], "- ") {
				end++
			}
			here().parts = append(here().parts, part{text: plain(strings.Join(lines[i:end+1], " "))})
			i = end
		}
	}
	return p, nil
}

func numbered(title string) bool { return title != "" && title[0] >= '0' && title[0] <= '9' }

// block reads the block after the marker in line at, and returns its last line.
func block(lines []string, at int) (*step, int, error) {
	m := marker.FindStringSubmatch(lines[at])
	s := &step{until: m[1] != ""}
	s.exit, _ = strconv.Atoi(m[2])
	i := at + 1
	if i+1 >= len(lines) || lines[i] != "```console" || !strings.HasPrefix(lines[i+1], "$ ") {
		return nil, 0, fmt.Errorf("docs/demo.md:%d: a ```console block with $ and a command should follow", at+1)
	}
	i++
	s.command = strings.TrimPrefix(lines[i], "$ ")
	for i++; i < len(lines) && strings.HasPrefix(lines[i], "> "); i++ {
		s.command += "\n" + strings.TrimPrefix(lines[i], "> ")
	}
	for ; i < len(lines) && lines[i] != "```"; i++ {
		s.want = append(s.want, lines[i])
	}
	return s, i, nil
}

// plain is Markdown as a terminal shows it.
func plain(text string) string {
	text = link.ReplaceAllStringFunc(text, func(s string) string {
		m := link.FindStringSubmatch(s)
		file, _, _ := strings.Cut(m[2], "#")
		return m[1] + " (docs/" + file + ")"
	})
	return strings.NewReplacer("**", "", "`", "").Replace(text)
}

// matches reports whether a command printed what it should.
func matches(want []string, got string) bool {
	if len(want) == 0 {
		return true
	}
	lines := strings.Split(strings.TrimRight(got, "\n"), "\n")
	return match(want, lines)
}

func match(want, got []string) bool {
	switch {
	case len(want) == 0:
		return len(got) == 0
	case want[0] == "...":
		return match(want[1:], got) || len(got) > 0 && match(want, got[1:])
	default:
		return len(got) > 0 && like(want[0], got[0]) && match(want[1:], got[1:])
	}
}

func like(want, got string) bool {
	parts := strings.Split(strings.TrimRight(want, " "), "…")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	return regexp.MustCompile("^" + strings.Join(parts, ".*") + "$").MatchString(strings.TrimRight(got, " "))
}

package render

import (
	"errors"
	"regexp"
	"strconv"
	"strings"
)

// A Failure is a template that cannot be rendered.
type Failure struct {
	// Places are where it failed, the innermost first, then what included it.
	Places []Place
	// Message says what is wrong, without positions.
	Message string
}

// A Place is a line of a file of a chart.
type Place struct {
	// File is the full name of the template, such as etl/templates/wf.yaml.
	File string
	// Line counts from 1. Column counts bytes from 1; it is 0 where only the
	// line is known.
	Line, Column int
}

func (f *Failure) Error() string {
	if len(f.Places) == 0 {
		return f.Message
	}
	p := f.Places[0]
	at := p.File + ":" + strconv.Itoa(p.Line)
	if p.Column > 0 {
		at += ":" + strconv.Itoa(p.Column)
	}
	return at + ": " + f.Message
}

var (
	// text/template: template: NAME:LINE:COLUMN: executing "NAME" at <CODE>: MESSAGE
	executing = regexp.MustCompile(`template: ([^:\n]+):(\d+):(\d+): executing "[^"]*" at <((?:[^>]|>[^:])*)>: `)
	// Helm: execution error at (NAME:LINE:COLUMN): MESSAGE, parse error at (NAME:LINE): MESSAGE
	located = regexp.MustCompile(`(?s)^(?:execution|parse) error (?:at|in) \(([^:\n]+?)(?::(\d+))?(?::(\d+))?\): (.*)$`)
	calling = regexp.MustCompile(`^(?:error calling (?:include|tpl): )+`)
)

// failureOf finds out which template is to blame.
func failureOf(c *Chart, err error) error {
	text := err.Error()
	if m := located.FindStringSubmatch(text); m != nil {
		line, _ := strconv.Atoi(m[2])
		column, err := strconv.Atoi(m[3])
		if err == nil {
			column++ // text/template counts them from 0
		}
		return &Failure{Places: []Place{{m[1], max(line, 1), column}}, Message: tidy(m[4])}
	}
	found := executing.FindAllStringSubmatchIndex(text, -1)
	if found == nil {
		return errors.New(tidy(text))
	}
	f := &Failure{}
	for i := len(found) - 1; i >= 0; i-- {
		m := found[i]
		line, _ := strconv.Atoi(text[m[4]:m[5]])
		column, _ := strconv.Atoi(text[m[6]:m[7]])
		f.Places = append(f.Places, Place{text[m[2]:m[3]], line, column + 1})
	}
	last := found[len(found)-1]
	f.Message = text[last[8]:last[9]] + ": " + tidy(text[last[1]:])
	return f
}

// tidy makes one line of a message and drops what only leads to the next.
func tidy(s string) string {
	s = calling.ReplaceAllString(s, "")
	return strings.Join(strings.Fields(s), " ")
}

// Package when checks the when field of steps and tasks:
//
//	{{steps.flip.outputs.result}} == heads && {{inputs.parameters.n}} > 3
//
// Argo first replaces the tags, then reads the text as an expression of
// govaluate, whose variables it takes as strings: heads is 'heads'. That
// reading happens only when the step is due, so what is wrong here is not seen
// before the workflow runs.
package when

import (
	"fmt"
	"strings"

	"github.com/tiphys-dev/tiphys/lint/expr"
)

// A Problem is what is wrong with the bytes [From, To).
type Problem struct {
	From, To int
	// Message is in the words of house style: lower case, no full stop.
	Message string
	// Suspicious is set where the step may run, but not as its author thinks;
	// anything else is an error whatever stands in place of the tags.
	Suspicious bool
	// Instead is the text that may stand in place of the bytes, if one is known.
	Instead string
}

// Longer or deeper conditions are not checked, so that time and stack are bounded.
const (
	maxBytes = 32 << 10
	maxDepth = 200
)

// Check returns what is wrong with s, in the order of the text. A condition
// that is one expression tag, {{=...}}, is not the concern of this package.
func Check(s string) []Problem {
	if len(s) > maxBytes {
		return []Problem{{To: 1, Message: fmt.Sprintf("the condition has %d bytes; more than %d are not checked", len(s), maxBytes), Suspicious: true}}
	}
	var tags []expr.Tag
	for t := range expr.Tags(s) {
		if t.Unclosed {
			return nil // where it ends is anyone's guess
		}
		if n := len(tags); n > 0 && t.Start < tags[n-1].End {
			continue // within the tag before
		}
		// What is around a nested tag goes on after the braces that close it.
		for open := strings.Count(s[t.From:t.To], "{{"); open > 0; open-- {
			i := strings.Index(s[t.End:], "}}")
			if i < 0 {
				return nil
			}
			open += strings.Count(s[t.End:t.End+i], "{{")
			t.End += i + len("}}")
		}
		tags = append(tags, t)
	}
	if strings.TrimSpace(s) == "" {
		return nil
	}
	l := &lexer{s: s, tags: tags}
	tokens := l.tokens()
	if len(l.problems) == 0 {
		p := &parser{s: s, tokens: tokens}
		p.parse()
		l.problems = p.problems
	}
	for i := range l.problems {
		pr := &l.problems[i]
		pr.To = min(pr.To, len(s))
		pr.From = max(min(pr.From, pr.To), 0)
	}
	return l.problems
}

package rego

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/tiphys-dev/tiphys/lint/workflow"
)

// most is where counting stops: it is more than any cluster runs.
const most = 1 << 30

// sizes counts the pods that templates of a workflow run.
type sizes struct {
	flow *workflow.Workflow
	done map[*workflow.Template]count
}

type count struct {
	n     int
	known bool
}

// pods returns how many pods a template runs at most, all that it calls
// included and each tried once. It is not known where a loop gets its items from
// a run, where a template of another object is called, and for recursion.
func (s *sizes) pods(t *workflow.Template) (int, bool) {
	if t == nil {
		return 0, false
	}
	if c, ok := s.done[t]; ok {
		return c.n, c.known
	}
	if s.done == nil {
		s.done = map[*workflow.Template]count{}
	}
	s.done[t] = count{} // for who calls itself
	c := count{known: true}
	if t.Type.Pod() {
		c.n = 1
	}
	for _, call := range t.Calls {
		inner := call.Inline
		if inner == nil && call.Ref == nil {
			inner = s.flow.Template(call.Template.Text())
		}
		each, known1 := s.pods(inner)
		times, known2 := items(call)
		c.known = c.known && known1 && known2
		c.n = min(most, c.n+min(most, each)*min(most, times))
	}
	s.done[t] = c
	return c.n, c.known
}

// items returns how often a call runs: once, or as often as its loop says.
func items(c *workflow.Call) (n int, known bool) {
	switch {
	case !c.Loops():
		return 1, true
	case len(c.WithItems.Items()) > 0:
		return len(c.WithItems.Items()), true
	case c.WithParam.Text() != "":
		if strings.Contains(c.WithParam.Text(), "{{") {
			return 0, false
		}
		var list []json.RawMessage
		err := json.Unmarshal([]byte(c.WithParam.Text()), &list)
		return len(list), err == nil
	}
	sequence := map[string]int{}
	for _, f := range c.WithSequence.Fields() {
		if f.Key.Value == "format" {
			continue
		}
		i, err := strconv.Atoi(f.Text())
		if err != nil || i > most || i < -most {
			return 0, false
		}
		sequence[f.Key.Value] = i
	}
	if c.WithSequence.Get("end").Set() {
		d := sequence["end"] - sequence["start"]
		return max(d, -d) + 1, true
	}
	return sequence["count"], true
}

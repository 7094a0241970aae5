package taskunreachable

import (
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/expr/depends"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

// maxTasks bounds the work: one depends is tried with every way in which up to
// this many tasks can end.
const maxTasks = 4

// ends are the ways in which a task ends, of which one excludes the others.
var ends = [...]string{depends.Succeeded, depends.Failed, depends.Errored, depends.Skipped, depends.Omitted}

// dependsNever reports a depends that is false however the tasks end.
func dependsNever(pass *lint.Pass, c *workflow.Call) {
	text := c.Depends.Text()
	if !strings.Contains(text, "&&") && !strings.Contains(text, "!") || strings.Contains(text, "{{") {
		return
	}
	e := c.Waits
	if e == nil {
		return
	}
	tasks := e.Tasks()
	if len(c.WaitProblems) > 0 || !e.Valid() || len(tasks) == 0 || len(tasks) > maxTasks {
		return
	}
	for _, o := range e.Operands {
		if depends.Loop(o.Status) || o.Status == depends.Daemoned {
			return // these hold beside an end of the task, or before it
		}
	}
	end := map[string]string{}
	if !possible(e, tasks, end) {
		pass.Reportf(c.Depends, "%s never runs: its depends %q is false however the tasks that it names end", c.Title(), text)
	}
}

// possible tries the ends of the tasks that are left until e holds.
func possible(e *depends.Expr, left []string, end map[string]string) bool {
	if len(left) == 0 {
		return e.Eval(func(task, status string) bool { return end[task] == status })
	}
	for _, s := range ends {
		end[left[0]] = s
		if possible(e, left[1:], end) {
			return true
		}
	}
	return false
}

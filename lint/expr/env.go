package expr

import (
	"slices"

	"github.com/expr-lang/expr/types"
)

// Env is a place where an expression may stand. It decides which variables
// there are at all.
type Env uint8

// The places, by field.
const (
	Template     Env = iota // {{=...}}, and valueFrom.expression and fromExpression
	Retry                   // retryStrategy.expression
	Hook                    // hooks.NAME.expression
	Cron                    // when and stopStrategy.expression of a CronWorkflow
	HTTP                    // http.successCondition
	Data                    // data.transformation[].expression
	LabelsFrom              // workflowMetadata.labelsFrom.KEY.expression
	EventBinding            // selector and argument expressions of a WorkflowEventBinding
)

// environment says what is special about an Env.
type environment struct {
	title string
	roots []string
	// verdict is set where Argo wants true or false.
	verdict bool
}

var environments = [...]environment{
	Template: {"in a template", []string{
		"workflow", "inputs", "outputs", "steps", "tasks", "item", "pod", "node", "retries", "lastRetry",
		"status", "duration", "exitCode", "resourcesDuration", "cronworkflow",
	}, false},
	Retry:        {"in retryStrategy.expression", []string{"lastRetry", "retries"}, true},
	Hook:         {"in the expression of a hook", []string{"workflow", "steps", "tasks", "inputs", "item", "node", "retries", "lastRetry"}, true},
	Cron:         {"in a CronWorkflow", []string{"cronworkflow", "workflow"}, true},
	HTTP:         {"in http.successCondition", []string{"request", "response"}, true},
	Data:         {"in a data transformation", []string{"data"}, false},
	LabelsFrom:   {"in labelsFrom", []string{"workflow"}, false},
	EventBinding: {"in a WorkflowEventBinding", []string{"payload", "metadata", "discriminator", "namespace"}, false},
}

// Roots returns the first names of the variables that there are in e.
func (e Env) Roots() []string { return slices.Clone(environments[e].roots) }

// Has reports whether root begins a variable in e.
func (e Env) Has(root string) bool { return slices.Contains(environments[e].roots, root) }

// String says where the expression stands, for messages: in a template.
func (e Env) String() string { return environments[e].title }

// KnownRoot reports whether root begins a variable anywhere in Argo.
func KnownRoot(root string) bool { return home(root) != "" }

// home names the first place that has variables beginning with root.
func home(root string) string {
	for _, e := range environments {
		if slices.Contains(e.roots, root) {
			return e.title
		}
	}
	return ""
}

// All variables are strings to Argo but for these places, where it is not
// said, or not the same in every case.
func variables() types.Map {
	names := func(all ...string) types.Map {
		m := types.Map{types.Extra: types.Any}
		for _, n := range all {
			m[n] = types.String
		}
		return m
	}
	texts := types.Map{types.Extra: types.String}
	workflow := names("name", "namespace", "uid", "serviceAccountName", "mainEntrypoint", "status", "priority")
	workflow["parameters"] = texts
	inputs := types.Map{"parameters": texts, types.Extra: types.Any}
	child := names("id", "status", "ip", "exitCode", "startedAt", "finishedAt", "hostNodeName")
	child["outputs"] = names("result")
	children := types.Map{"name": types.String, types.Extra: child}
	response := names("body")
	response["statusCode"] = types.Int
	all := types.Map{
		"workflow": workflow, "inputs": inputs, "steps": children, "tasks": children,
		"pod": names("name"), "retries": types.String, "lastRetry": texts,
		"request": names("method", "url", "body"), "response": response,
	}
	functionTypes(all)
	return all
}

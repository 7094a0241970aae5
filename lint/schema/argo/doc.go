// Package argo describes the objects of Argo Workflows as Go types.
//
// The types are read by lint/schema/gen and by tests and are never decoded
// into. What they say:
//
//   - the comment of a type, "X is TITLE: ...", gives the words for a value of
//     that type in messages;
//   - the comment of a field is what an editor shows for it;
//   - a string type with +enum in its comment has its constants as only values;
//   - the tags since, until and use give the first version of Argo Workflows
//     with a field, the first without it, and the field that replaced it.
package argo

// Free is anything at all: what Argo decodes with code of its own, and what is
// not checked because only controllers write it.
type Free any

// Item is one value of a withItems list: anything.
type Item any

// AnyString takes a string, number or boolean and makes it text. An object or
// list becomes "" without a word.
type AnyString string

// Amount is a JSON number.
type Amount float64

// Plugin is a template plugin: an object with exactly one key, the name of the plugin.
type Plugin map[string]Free

// ParallelSteps is a group of steps: they run together.
type ParallelSteps []WorkflowStep

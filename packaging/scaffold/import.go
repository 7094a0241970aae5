package scaffold

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/source"
)

// An Import is the chart that a source becomes, and what was done to get there.
type Import struct {
	Name  string
	Files []File // sorted by name
	Moved []Moved
	// Kept are the files of the source that became no workflow files: templates
	// stay what they are, files of a folder are left out.
	Kept []Kept
	// Notes say what else a person should know.
	Notes []string
}

// Moved is a file of the source that became a plain file of workflows.
type Moved struct {
	From, To string
	Escapes  int // actions such as {{`{{x}}`}} that are gone
}

// Kept is a file of the source that became none, and why.
type Kept struct {
	Name    string
	Reason  string
	Actions []Action // of a template with logic
}

// workflowsDir is where the library looks for workflow files.
const workflowsDir = "workflows/"

// ImportFolder makes a chart of a folder of manifests. What is no manifest is
// left out.
func ImportFolder(files []File, o Options) (*Import, error) {
	fresh, err := New(o)
	if err != nil {
		return nil, err
	}
	im := &Import{Name: o.Name}
	for _, f := range fresh {
		switch {
		case strings.HasPrefix(f.Name, workflowsDir) || f.Name == "templates/service-account.yaml":
		case strings.HasPrefix(f.Name, "environments/") && path.Base(f.Name) == "values.yaml":
			im.Files = append(im.Files, File{f.Name, []byte("workflows: {}\n")})
		default:
			im.Files = append(im.Files, f)
		}
	}
	for _, f := range files {
		if !isManifestName(f.Name) {
			im.Kept = append(im.Kept, Kept{Name: f.Name, Reason: "is no .yaml, .yml or .json file"})
			continue
		}
		found := inspect(f)
		if found.problem != "" {
			im.Kept = append(im.Kept, Kept{Name: f.Name, Reason: found.problem})
			continue
		}
		if found.manifests == 0 || found.others > 0 {
			im.Kept = append(im.Kept, Kept{Name: f.Name, Reason: "is no manifest: it has no apiVersion and kind"})
			continue
		}
		im.Files = append(im.Files, File{workflowsDir + f.Name, f.Data})
		im.Moved = append(im.Moved, Moved{From: f.Name, To: workflowsDir + f.Name})
	}
	if len(im.Moved) == 0 {
		return nil, errors.New("there is no manifest in the folder: no .yaml, .yml or .json file with apiVersion and kind")
	}
	slices.SortFunc(im.Files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	return im, nil
}

// ImportChart makes a chart of another one. Templates of workflows whose only
// logic are escapes become plain files; all else is carried over.
func ImportChart(files []File) (*Import, error) {
	im := &Import{}
	files, err := im.metadata(files)
	if err != nil {
		return nil, err
	}
	taken := map[string]bool{}
	for _, f := range files {
		if strings.HasPrefix(f.Name, "templates/") && isManifestName(f.Name) && !strings.HasPrefix(path.Base(f.Name), "_") {
			if moved, ok := im.template(f); ok {
				im.Files = append(im.Files, moved)
				continue
			}
		}
		taken[f.Name] = true
		im.Files = append(im.Files, f)
	}
	if len(im.Moved) == 0 {
		return im, nil
	}
	all := "templates/workflows.yaml"
	for n := 2; taken[all]; n++ {
		all = fmt.Sprintf("templates/workflows-%d.yaml", n)
	}
	im.Files = append(im.Files, File{all, []byte("{{ include \"workflows.all\" . }}\n")})
	im.Files, err = vendor(im.Files)
	return im, err
}

// template makes a plain file of a template, or says why it stays.
func (im *Import) template(f File) (File, bool) {
	keep := func(k Kept) (File, bool) {
		k.Name = f.Name
		im.Kept = append(im.Kept, k)
		return File{}, false
	}
	u, err := unescape(f.Name, string(f.Data))
	switch {
	case err != nil:
		return keep(Kept{Reason: "does not parse: " + strings.TrimPrefix(err.Error(), "template: ")})
	case u.actions != nil:
		return keep(Kept{Reason: "has logic", Actions: u.actions})
	}
	plain := File{workflowsDir + strings.TrimPrefix(f.Name, "templates/"), []byte(u.text)}
	found := inspect(plain)
	switch {
	case found.problem != "":
		return keep(Kept{Reason: found.problem})
	case found.workflows == 0:
		return keep(Kept{Reason: "has no workflow"})
	case hidden(plain.Name):
		return keep(Kept{Reason: "is hidden, and hidden files are no workflow files"})
	}
	im.Moved = append(im.Moved, Moved{From: f.Name, To: plain.Name, Escapes: u.escapes})
	return plain, true
}

func hidden(name string) bool { return strings.Contains("/"+name, "/.") }

func isManifestName(name string) bool {
	return slices.Contains([]string{".yaml", ".yml", ".json"}, path.Ext(name))
}

// inspected is what the documents of a file are.
type inspected struct {
	workflows, manifests, others int
	problem                      string
}

// kinds are those that belong among workflows.
var kinds = []string{
	"Workflow", "WorkflowTemplate", "ClusterWorkflowTemplate", "CronWorkflow",
	"WorkflowEventBinding", "Sensor", "EventSource",
}

func inspect(f File) inspected {
	var found inspected
	for _, d := range manifest.Parse(source.NewFile(f.Name, f.Data)) {
		for _, p := range d.Problems {
			if p.Kind != manifest.DuplicateKey && found.problem == "" {
				found.problem = fmt.Sprintf("is no YAML on line %d: %s", 1+bytes.Count(f.Data[:p.Span.Start], []byte("\n")), p.Message)
			}
		}
		if d.Root == nil {
			continue
		}
		for _, object := range d.Objects() {
			group, _, _ := strings.Cut(object.Get("apiVersion").Text(), "/")
			switch {
			case group == "argoproj.io" && slices.Contains(kinds, object.Get("kind").Text()):
				found.workflows++
				found.manifests++
			case group != "" && group != "kustomize.config.k8s.io" && object.Get("kind").Set():
				found.manifests++
			default:
				found.others++
			}
		}
	}
	return found
}

package resolve

import "strings"

// own makes the strings of a signature its own. As they come they are parts of
// the text of a file, and one name would keep the whole text in memory.
type own map[string]string

func (o own) one(s *string) {
	if *s == "" {
		return
	}
	mine, ok := o[*s]
	if !ok {
		mine = strings.Clone(*s)
		o[mine] = mine
	}
	*s = mine
}

func (o own) all(list []string) {
	for i := range list {
		o.one(&list[i])
	}
}

func (o own) parameters(list []Parameter) {
	for i := range list {
		o.one(&list[i].Name)
		o.all(list[i].Enum)
	}
}

func (o own) artifacts(list []Artifact) {
	for i := range list {
		o.one(&list[i].Name)
	}
}

func (o own) library(l *Library) {
	for _, s := range []*string{&l.Kind, &l.Namespace, &l.Name, &l.Entrypoint, &l.OnExit} {
		o.one(s)
	}
	o.parameters(l.Parameters)
	o.artifacts(l.Artifacts)
	o.all(l.Labels)
	o.all(l.Annotations)
	for _, t := range l.Templates {
		o.template(t)
	}
}

func (o own) template(t *Template) {
	o.one(&t.Name)
	o.parameters(t.Inputs)
	o.artifacts(t.InFiles)
	for _, list := range [][]string{t.Outputs, t.OutFiles, t.Globals, t.GlobalOutputs, t.GlobalFiles} {
		o.all(list)
	}
	for i := range t.Calls {
		c := &t.Calls[i]
		o.one(&c.Library)
		o.one(&c.Template)
	}
}

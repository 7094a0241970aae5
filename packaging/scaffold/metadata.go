package scaffold

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// metadata returns the files of a chart with Chart.yaml and the schema changed
// so that they know the library.
func (im *Import) metadata(files []File) ([]File, error) {
	var out []File
	for _, f := range files {
		switch {
		case strings.HasPrefix(f.Name, "charts/workflows/") || strings.HasPrefix(f.Name, "charts/workflows-") && !strings.Contains(f.Name[len("charts/"):], "/"):
			return nil, fmt.Errorf("%s is there already: the chart has the library, or a subchart of that name", f.Name)
		case strings.HasPrefix(f.Name, workflowsDir) && isManifestName(f.Name) && !hidden(f.Name):
			return nil, fmt.Errorf("%s is there already: the library would emit it, whatever it is for now; rename the folder first", f.Name)
		case f.Name == "values.yaml":
			var values map[string]any
			if err := yaml.Unmarshal(f.Data, &values); err != nil {
				return nil, fmt.Errorf("read values.yaml: %w", err)
			}
			if _, has := values["workflows"]; has {
				return nil, errors.New(`values.yaml has a key "workflows", which the library reads as overlays; rename it first`)
			}
		case f.Name == "Chart.lock" || f.Name == "requirements.lock":
			im.Notes = append(im.Notes, f.Name+" is left out, as there is one dependency more: tiphys and helm need none, and helm dependency update makes one")
			continue
		case f.Name == "Chart.yaml":
			data, err := im.dependency(f.Data)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", f.Name, err)
			}
			f.Data = data
		case f.Name == "values.schema.json":
			data, err := allowWorkflows(f.Data)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", f.Name, err)
			}
			f.Data = data
		}
		out = append(out, f)
	}
	return out, nil
}

// dependency adds the library to the dependencies in a Chart.yaml, and leaves
// the rest as it stands.
func (im *Import) dependency(text []byte) ([]byte, error) {
	version, err := libraryVersion()
	if err != nil {
		return nil, err
	}
	var root yaml.Node
	if err := yaml.Unmarshal(text, &root); err != nil {
		return nil, err
	}
	var chart struct {
		Name       string
		APIVersion string `yaml:"apiVersion"`
	}
	if len(root.Content) == 0 || root.Content[0].Kind != yaml.MappingNode {
		return nil, errors.New("is no map")
	}
	if err := root.Decode(&chart); err != nil {
		return nil, err
	}
	im.Name = chart.Name
	if chart.APIVersion == "v1" {
		return text, nil // its dependencies stand elsewhere, and what lies in charts/ counts anyway
	}
	if len(text) > 0 && text[len(text)-1] != '\n' {
		text = append(slices.Clone(text), '\n')
	}
	list := field(root.Content[0], "dependencies")
	lines := bytes.SplitAfter(text, []byte("\n"))
	item := func(indent string) string {
		return indent + "- name: workflows\n" + indent + "  version: " + version + "\n"
	}
	switch {
	case list == nil:
		return append(slices.Clone(text), "dependencies:\n"+item("  ")...), nil
	case list.Kind != yaml.SequenceNode:
		return nil, fmt.Errorf("line %d: dependencies is no list", list.Line)
	case list.Style&yaml.FlowStyle != 0:
		line := lines[list.Line-1]
		lines[list.Line-1] = slices.Concat(line[:list.Column], []byte("{name: workflows, version: "+version+"}, "), line[list.Column:])
	default:
		lines = slices.Insert(lines, list.Line-1, []byte(item(strings.Repeat(" ", list.Column-1))))
	}
	return bytes.Join(lines, nil), nil
}

func field(m *yaml.Node, name string) *yaml.Node {
	for i := 0; i+1 < len(m.Content); i += 2 {
		if m.Content[i].Value == name {
			return m.Content[i+1]
		}
	}
	return nil
}

// allowWorkflows adds the key of the overlays to the properties of a schema,
// and leaves the rest as it stands.
func allowWorkflows(text []byte) ([]byte, error) {
	var schema map[string]json.RawMessage
	if err := json.Unmarshal(text, &schema); err != nil {
		return nil, err
	}
	if schema == nil {
		return nil, errors.New("is null, which is no schema")
	}
	var properties map[string]json.RawMessage
	if raw, has := schema["properties"]; has {
		if err := json.Unmarshal(raw, &properties); err != nil {
			return nil, fmt.Errorf("properties: %w", err)
		}
		if _, has := properties["workflows"]; has {
			return text, nil
		}
	}
	const property = `"workflows": {"type": "object"}`
	at, add := bytes.IndexByte(text, '{')+1, `"properties": {`+property+`}`
	if properties != nil {
		at, add = propertiesOf(text), property
	}
	rest := bytes.TrimLeft(text[at:], " \t\r\n")
	blank := string(text[at : len(text)-len(rest)])
	if len(rest) > 0 && rest[0] != '}' {
		add += ","
	}
	return slices.Concat(text[:at], []byte(blank+add), text[at:]), nil
}

// propertiesOf returns where the members of "properties" of the root begin.
func propertiesOf(text []byte) int {
	d := json.NewDecoder(bytes.NewReader(text))
	depth, key, isKey := 0, "", false
	for {
		token, err := d.Token()
		if err != nil {
			return 0 // it has been read before, so this cannot be
		}
		switch t := token.(type) {
		case json.Delim:
			if t == '{' && depth == 1 && key == "properties" {
				return int(d.InputOffset())
			}
			if t == '{' || t == '[' {
				depth++
			} else {
				depth--
			}
			isKey = depth == 1
			continue
		case string:
			if depth == 1 && isKey {
				key, isKey = t, false
				continue
			}
		}
		isKey = depth == 1
	}
}

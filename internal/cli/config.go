package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/near"
	"github.com/tiphys-dev/tiphys/policies"
)

const (
	configName  = ".tiphys.yaml"
	configLimit = 1 << 20
)

// config is a configuration file. A nil node of text means nothing said.
type config struct {
	settings
	file string
}

// findConfig looks for a configuration file from dir upwards. It stops at the
// root of the git repository, at home and at the root of the file system, so
// that nobody else's file decides.
func findConfig(dir string) string {
	home, _ := os.UserHomeDir()
	for {
		file := filepath.Join(dir, configName)
		if _, err := os.Lstat(file); err == nil {
			return file // if it cannot be read, its settings must not be passed over in silence
		}
		_, err := os.Lstat(filepath.Join(dir, ".git"))
		parent := filepath.Dir(dir)
		if err == nil || dir == home || parent == dir {
			return ""
		}
		dir = parent
	}
}

// readConfig reads the file, or the one that is found when file is "".
func readConfig(file string) (*config, error) {
	if file == "" {
		dir, err := os.Getwd()
		if err != nil {
			return nil, broken(fmt.Errorf("find the working directory: %w", err))
		}
		if file = findConfig(dir); file == "" {
			return &config{}, nil
		}
		if rel, err := filepath.Rel(dir, file); err == nil {
			file = rel
		}
	}
	text, err := readRegular(file, configLimit)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Lstat(file); err == nil {
			return nil, fmt.Errorf("read configuration: %s is a symbolic link to something that is not there", file)
		}
		return nil, fmt.Errorf("--config %s: there is no such file", file)
	}
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	return parseConfig(file, text)
}

func parseConfig(file string, text []byte) (*config, error) {
	c := &config{file: file, settings: settings{rules: map[string]lint.Severity{}}}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var doc yaml.Node
	if err := decoder.Decode(&doc); errors.Is(err, io.EOF) {
		return c, nil
	} else if err != nil {
		return nil, fmt.Errorf("%s: %s", file, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	root := doc.Content[0]
	if root.Kind == yaml.ScalarNode && root.Tag == "!!null" {
		return c, nil
	}
	if root.Kind != yaml.MappingNode {
		return nil, c.errorf(root, "this is not a map of settings")
	}
	if err := decoder.Decode(&yaml.Node{}); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: there is a second document; write all settings into one", file)
	}
	var seen []string
	for i := 0; i+1 < len(root.Content); i += 2 {
		key, value := root.Content[i], root.Content[i+1]
		if slices.Contains(seen, key.Value) {
			return nil, c.errorf(key, "%q stands here twice", key.Value)
		}
		seen = append(seen, key.Value)
		if err := c.set(key, value); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// keys are those of a configuration file.
func keys() []string {
	return []string{"argoVersion", "complete", "exclude", "failOn", "policies", "rules", "show"}
}

func (c *config) set(key, value *yaml.Node) error {
	switch key.Value {
	case "failOn":
		c.failOn = value.Value
		return c.check(value, func() error { _, err := threshold(value.Value); return err })
	case "show":
		c.show = value.Value
		return c.check(value, func() error { _, err := threshold(value.Value); return err })
	case "argoVersion":
		c.argoVersion = value.Value
		return c.check(value, func() error { _, err := lint.ParseVersion(value.Value); return err })
	case "complete":
		return c.check(value, func() error {
			if value.Decode(&c.complete) != nil {
				return fmt.Errorf("%q is neither true nor false", value.Value)
			}
			return nil
		})
	case "exclude":
		return c.excludes(value)
	case "policies":
		return c.policyNames(value)
	case "rules":
		return c.severities(value)
	}
	return c.errorf(key, "unknown key %q%s; the keys are %s", key.Value, near.Hint(key.Value, keys()), strings.Join(keys(), ", "))
}

func (c *config) check(value *yaml.Node, wrong func() error) error {
	if value.Kind != yaml.ScalarNode {
		return c.errorf(value, "this must be a single value")
	}
	if err := wrong(); err != nil {
		return c.errorf(value, "%w", err)
	}
	return nil
}

func (c *config) excludes(value *yaml.Node) error {
	if value.Kind != yaml.SequenceNode {
		return c.errorf(value, "exclude must be a list of patterns")
	}
	for _, item := range value.Content {
		if item.Kind != yaml.ScalarNode {
			return c.errorf(item, "this must be a pattern like charts/**/*.yaml")
		}
		g, err := newGlob(filepath.Dir(c.file), item.Value)
		if err != nil {
			return c.errorf(item, "%w", err)
		}
		c.exclude = append(c.exclude, g)
	}
	return nil
}

// policyNames reads names of policies and files; a file is named from the folder
// of the configuration.
func (c *config) policyNames(value *yaml.Node) error {
	if value.Kind != yaml.SequenceNode {
		return c.errorf(value, "policies must be a list of names, files and folders")
	}
	for _, item := range value.Content {
		if item.Kind != yaml.ScalarNode || item.Value == "" {
			return c.errorf(item, "this must be the name of a policy, a file or a folder")
		}
		name := item.Value
		if policies.Shipped(name) == nil && !filepath.IsAbs(name) {
			name = filepath.Join(filepath.Dir(c.file), name)
		}
		c.policies = append(c.policies, policyRef{name, fmt.Sprintf("%s:%d:%d", c.file, item.Line, item.Column)})
	}
	return nil
}

func (c *config) severities(value *yaml.Node) error {
	if value.Kind != yaml.MappingNode {
		return c.errorf(value, "rules must be a map of rule names to off, info, warning or error")
	}
	for i := 0; i+1 < len(value.Content); i += 2 {
		name, to := value.Content[i], value.Content[i+1]
		if find(name.Value) == nil {
			return c.errorf(name, "%w", unknownRule(name.Value))
		}
		if _, twice := c.rules[name.Value]; twice {
			return c.errorf(name, "%q stands here twice", name.Value)
		}
		s, err := severity(name.Value, to.Value)
		if err != nil {
			return c.errorf(to, "%w", err)
		}
		c.rules[name.Value] = s
	}
	return nil
}

// errorf says what is wrong, and where.
func (c *config) errorf(n *yaml.Node, format string, args ...any) error {
	return fmt.Errorf("%s:%d:%d: %w", c.file, n.Line, n.Column, fmt.Errorf(format, args...))
}

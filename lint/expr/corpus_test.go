package expr_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/tiphys-dev/tiphys/lint/expr"
	"github.com/tiphys-dev/tiphys/lint/expr/depends"
	"github.com/tiphys-dev/tiphys/lint/expr/when"
)

// corpus are known-good manifests that need not be there.
const corpus = "../../../shared/corpus"

// TestCorpus is silent on every expression of manifests that are known to run.
func TestCorpus(t *testing.T) {
	if _, err := os.Stat(corpus); err != nil {
		t.Skip("no corpus")
	}
	c := &counter{T: t, seen: map[string]int{}}
	err := filepath.WalkDir(corpus, func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".yaml" {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		c.file = path
		for decode := yaml.NewDecoder(bytes.NewReader(b)); ; {
			var n yaml.Node
			if decode.Decode(&n) != nil {
				return nil
			}
			c.walk(&n, "", "")
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Log(c.seen)
	for what, least := range map[string]int{"when": 30, "depends": 50, "tag": 15, "expression": 10} {
		if c.seen[what] < least {
			t.Errorf("only %d of %s were looked at", c.seen[what], what)
		}
	}
}

type counter struct {
	*testing.T
	file string
	seen map[string]int
}

// environments are those of the fields called expression, by their parent.
var environments = map[string]expr.Env{
	"retryStrategy": expr.Retry, "stopStrategy": expr.Cron, "transformation": expr.Data, "valueFrom": expr.Template,
	"running": expr.Hook, "succeed": expr.Hook, "exit": expr.Hook,
}

func (c *counter) walk(n *yaml.Node, parent, key string) {
	switch n.Kind {
	case yaml.ScalarNode:
		c.scalar(n.Value, parent, key)
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			c.walk(n.Content[i+1], key, n.Content[i].Value)
		}
	default:
		for _, child := range n.Content {
			c.walk(child, parent, key)
		}
	}
}

func (c *counter) scalar(s, parent, key string) {
	for tag := range expr.Tags(s) {
		if tag.Expression {
			env := expr.Template
			if strings.Contains(s, "cronworkflow.") {
				env = expr.Cron
			}
			c.expression("tag", s, tag.Parse(s, env))
		}
	}
	switch key {
	case "when":
		c.seen["when"]++
		for _, p := range when.Check(s) {
			c.Errorf("%s: %s: %s", c.file, s, p.Message)
		}
	case "depends":
		c.seen["depends"]++
		_, found := depends.Parse(s)
		for _, p := range found {
			c.Errorf("%s: %s: %s", c.file, s, p.Message)
		}
	case "fromExpression":
		c.expression("expression", s, expr.Parse(s, expr.Template))
	case "expression":
		env, ok := environments[parent]
		if !ok {
			env = expr.Template
		}
		c.expression("expression", s, expr.Parse(s, env))
	case "selector":
		c.expression("expression", s, expr.Parse(s, expr.EventBinding))
	case "successCondition":
		if strings.HasPrefix(s, "response.") {
			c.expression("expression", s, expr.Parse(s, expr.HTTP))
		}
	}
}

func (c *counter) expression(what, s string, e *expr.Expr) {
	c.seen[what]++
	for _, p := range problems(s, e) {
		c.Errorf("%s: %s", c.file, p)
	}
}

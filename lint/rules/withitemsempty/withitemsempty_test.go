package withitemsempty_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/withitemsempty"
)

func Test(t *testing.T) { linttest.Run(t, withitemsempty.Rule) }

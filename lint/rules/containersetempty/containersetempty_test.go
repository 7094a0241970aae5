package containersetempty_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/containersetempty"
)

func Test(t *testing.T) { linttest.Run(t, containersetempty.Rule) }

package yamlsyntax_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/yamlsyntax"
)

func Test(t *testing.T) { linttest.Run(t, yamlsyntax.Rule) }

package secretliteral_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/secretliteral"
)

func Test(t *testing.T) { linttest.Run(t, secretliteral.Rule) }

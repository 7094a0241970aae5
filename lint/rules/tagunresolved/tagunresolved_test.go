package tagunresolved_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/tagunresolved"
)

func Test(t *testing.T) { linttest.Run(t, tagunresolved.Rule) }

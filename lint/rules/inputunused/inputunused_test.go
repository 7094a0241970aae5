package inputunused_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/inputunused"
)

func Test(t *testing.T) { linttest.Run(t, inputunused.Rule) }

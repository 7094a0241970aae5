package stepsempty_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/stepsempty"
)

func Test(t *testing.T) { linttest.Run(t, stepsempty.Rule) }

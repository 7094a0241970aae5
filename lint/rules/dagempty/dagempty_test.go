package dagempty_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/dagempty"
)

func Test(t *testing.T) { linttest.Run(t, dagempty.Rule) }

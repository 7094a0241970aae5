package templateunused_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/templateunused"
)

func Test(t *testing.T) { linttest.Run(t, templateunused.Rule) }

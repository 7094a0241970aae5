package recursionunbounded_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/recursionunbounded"
)

func Test(t *testing.T) { linttest.Run(t, recursionunbounded.Rule) }

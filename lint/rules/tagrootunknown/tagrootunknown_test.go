package tagrootunknown_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/tagrootunknown"
)

func Test(t *testing.T) { linttest.Run(t, tagrootunknown.Rule) }

package dagtasknamedigit_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/dagtasknamedigit"
)

func Test(t *testing.T) { linttest.Run(t, dagtasknamedigit.Rule) }

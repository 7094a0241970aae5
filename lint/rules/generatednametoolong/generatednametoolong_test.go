package generatednametoolong_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/generatednametoolong"
)

func Test(t *testing.T) { linttest.Run(t, generatednametoolong.Rule) }

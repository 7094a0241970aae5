package deadlinemissing_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/deadlinemissing"
)

func Test(t *testing.T) { linttest.Run(t, deadlinemissing.Rule) }

package resourceactionmissing_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/resourceactionmissing"
)

func Test(t *testing.T) { linttest.Run(t, resourceactionmissing.Rule) }

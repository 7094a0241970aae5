package outputvaluemissing_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/outputvaluemissing"
)

func Test(t *testing.T) { linttest.Run(t, outputvaluemissing.Rule) }

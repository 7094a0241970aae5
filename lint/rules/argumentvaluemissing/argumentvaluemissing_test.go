package argumentvaluemissing_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/argumentvaluemissing"
)

func Test(t *testing.T) { linttest.Run(t, argumentvaluemissing.Rule) }

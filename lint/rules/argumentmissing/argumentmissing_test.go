package argumentmissing_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/argumentmissing"
)

func Test(t *testing.T) { linttest.Run(t, argumentmissing.Rule) }

package ttlmissing_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/ttlmissing"
)

func Test(t *testing.T) { linttest.Run(t, ttlmissing.Rule) }

package podgcmissing_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/podgcmissing"
)

func Test(t *testing.T) { linttest.Run(t, podgcmissing.Rule) }

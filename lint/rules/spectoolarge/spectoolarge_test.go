package spectoolarge_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/spectoolarge"
)

func Test(t *testing.T) { linttest.Run(t, spectoolarge.Rule) }

package enummismatch_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/enummismatch"
)

func Test(t *testing.T) { linttest.Run(t, enummismatch.Rule) }

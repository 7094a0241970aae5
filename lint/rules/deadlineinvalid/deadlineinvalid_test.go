package deadlineinvalid_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/deadlineinvalid"
)

func Test(t *testing.T) { linttest.Run(t, deadlineinvalid.Rule) }

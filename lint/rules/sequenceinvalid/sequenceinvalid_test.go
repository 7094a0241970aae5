package sequenceinvalid_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/sequenceinvalid"
)

func Test(t *testing.T) { linttest.Run(t, sequenceinvalid.Rule) }

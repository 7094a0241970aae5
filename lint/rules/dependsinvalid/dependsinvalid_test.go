package dependsinvalid_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/dependsinvalid"
)

func Test(t *testing.T) { linttest.Run(t, dependsinvalid.Rule) }

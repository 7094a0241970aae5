package resourcesinvalid_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/resourcesinvalid"
)

func Test(t *testing.T) { linttest.Run(t, resourcesinvalid.Rule) }

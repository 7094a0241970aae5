package nameinvalid_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/nameinvalid"
)

func Test(t *testing.T) { linttest.Run(t, nameinvalid.Rule) }

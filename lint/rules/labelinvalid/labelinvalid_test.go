package labelinvalid_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/labelinvalid"
)

func Test(t *testing.T) { linttest.Run(t, labelinvalid.Rule) }

package ttlinvalid_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/ttlinvalid"
)

func Test(t *testing.T) { linttest.Run(t, ttlinvalid.Rule) }

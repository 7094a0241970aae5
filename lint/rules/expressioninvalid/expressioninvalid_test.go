package expressioninvalid_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/expressioninvalid"
)

func Test(t *testing.T) { linttest.Run(t, expressioninvalid.Rule) }

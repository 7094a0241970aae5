package wheninvalid_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/wheninvalid"
)

func Test(t *testing.T) { linttest.Run(t, wheninvalid.Rule) }

package metriclabelinvalid_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/metriclabelinvalid"
)

func Test(t *testing.T) { linttest.Run(t, metriclabelinvalid.Rule) }

package podgcselectorinvalid_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/podgcselectorinvalid"
)

func Test(t *testing.T) { linttest.Run(t, podgcselectorinvalid.Rule) }

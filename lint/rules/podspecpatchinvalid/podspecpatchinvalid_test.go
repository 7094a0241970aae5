package podspecpatchinvalid_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/podspecpatchinvalid"
)

func Test(t *testing.T) { linttest.Run(t, podspecpatchinvalid.Rule) }

package resourceconditioninvalid_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/resourceconditioninvalid"
)

func Test(t *testing.T) { linttest.Run(t, resourceconditioninvalid.Rule) }

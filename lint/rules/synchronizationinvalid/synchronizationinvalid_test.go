package synchronizationinvalid_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/synchronizationinvalid"
)

func Test(t *testing.T) { linttest.Run(t, synchronizationinvalid.Rule) }

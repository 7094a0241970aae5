package claimunknown_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/claimunknown"
)

func Test(t *testing.T) { linttest.Run(t, claimunknown.Rule) }

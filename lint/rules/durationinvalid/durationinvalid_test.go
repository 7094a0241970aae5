package durationinvalid_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/durationinvalid"
)

func Test(t *testing.T) { linttest.Run(t, durationinvalid.Rule) }

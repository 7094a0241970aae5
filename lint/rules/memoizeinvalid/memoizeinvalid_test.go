package memoizeinvalid_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/memoizeinvalid"
)

func Test(t *testing.T) { linttest.Run(t, memoizeinvalid.Rule) }

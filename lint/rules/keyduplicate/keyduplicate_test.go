package keyduplicate_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/keyduplicate"
)

func Test(t *testing.T) { linttest.Run(t, keyduplicate.Rule) }

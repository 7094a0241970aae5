package nameduplicate_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/nameduplicate"
)

func Test(t *testing.T) { linttest.Run(t, nameduplicate.Rule) }

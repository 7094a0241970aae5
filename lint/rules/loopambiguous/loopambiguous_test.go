package loopambiguous_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/loopambiguous"
)

func Test(t *testing.T) { linttest.Run(t, loopambiguous.Rule) }

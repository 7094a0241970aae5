package taskunreachable_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/taskunreachable"
)

func Test(t *testing.T) { linttest.Run(t, taskunreachable.Rule) }

package kindunknown_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/kindunknown"
)

func Test(t *testing.T) { linttest.Run(t, kindunknown.Rule) }

package argumentunknown_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/argumentunknown"
)

func Test(t *testing.T) { linttest.Run(t, argumentunknown.Rule) }

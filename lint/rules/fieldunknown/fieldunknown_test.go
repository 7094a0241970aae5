package fieldunknown_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/fieldunknown"
)

func Test(t *testing.T) { linttest.Run(t, fieldunknown.Rule) }

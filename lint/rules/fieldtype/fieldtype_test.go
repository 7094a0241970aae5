package fieldtype_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/fieldtype"
)

func Test(t *testing.T) { linttest.Run(t, fieldtype.Rule) }

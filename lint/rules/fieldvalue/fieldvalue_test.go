package fieldvalue_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/fieldvalue"
)

func Test(t *testing.T) { linttest.Run(t, fieldvalue.Rule) }

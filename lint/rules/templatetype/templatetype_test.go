package templatetype_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/templatetype"
)

func Test(t *testing.T) { linttest.Run(t, templatetype.Rule) }

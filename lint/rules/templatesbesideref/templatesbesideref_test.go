package templatesbesideref_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/templatesbesideref"
)

func Test(t *testing.T) { linttest.Run(t, templatesbesideref.Rule) }

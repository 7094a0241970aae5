package templaterefunresolved_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/templaterefunresolved"
)

func Test(t *testing.T) { linttest.Run(t, templaterefunresolved.Rule) }

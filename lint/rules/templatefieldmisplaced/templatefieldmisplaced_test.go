package templatefieldmisplaced_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/templatefieldmisplaced"
)

func Test(t *testing.T) { linttest.Run(t, templatefieldmisplaced.Rule) }

package secretrefunknown_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/secretrefunknown"
)

func Test(t *testing.T) { linttest.Run(t, secretrefunknown.Rule) }

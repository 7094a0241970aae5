package fieldtoonew_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/fieldtoonew"
)

func Test(t *testing.T) { linttest.Run(t, fieldtoonew.Rule) }

package privilegeescalation_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/privilegeescalation"
)

func Test(t *testing.T) { linttest.Run(t, privilegeescalation.Rule) }

package privileged_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/privileged"
)

func Test(t *testing.T) { linttest.Run(t, privileged.Rule) }

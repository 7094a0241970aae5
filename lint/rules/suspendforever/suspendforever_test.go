package suspendforever_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/suspendforever"
)

func Test(t *testing.T) { linttest.Run(t, suspendforever.Rule) }

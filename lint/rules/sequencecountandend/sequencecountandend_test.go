package sequencecountandend_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/sequencecountandend"
)

func Test(t *testing.T) { linttest.Run(t, sequencecountandend.Rule) }

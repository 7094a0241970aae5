package dagcontinueon_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/dagcontinueon"
)

func Test(t *testing.T) { linttest.Run(t, dagcontinueon.Rule) }

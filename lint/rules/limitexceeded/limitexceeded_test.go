package limitexceeded_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/limitexceeded"
)

func Test(t *testing.T) { linttest.Run(t, limitexceeded.Rule) }

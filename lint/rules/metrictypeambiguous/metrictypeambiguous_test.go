package metrictypeambiguous_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/metrictypeambiguous"
)

func Test(t *testing.T) { linttest.Run(t, metrictypeambiguous.Rule) }

package outputartifactwithoutfrom_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/outputartifactwithoutfrom"
)

func Test(t *testing.T) { linttest.Run(t, outputartifactwithoutfrom.Rule) }

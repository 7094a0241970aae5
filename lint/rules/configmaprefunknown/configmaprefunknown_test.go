package configmaprefunknown_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/configmaprefunknown"
)

func Test(t *testing.T) { linttest.Run(t, configmaprefunknown.Rule) }

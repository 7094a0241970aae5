package volumeunknown_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/volumeunknown"
)

func Test(t *testing.T) { linttest.Run(t, volumeunknown.Rule) }

package imageunpinned_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/imageunpinned"
)

func Test(t *testing.T) { linttest.Run(t, imageunpinned.Rule) }

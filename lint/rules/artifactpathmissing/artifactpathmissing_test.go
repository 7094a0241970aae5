package artifactpathmissing_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/artifactpathmissing"
)

func Test(t *testing.T) { linttest.Run(t, artifactpathmissing.Rule) }

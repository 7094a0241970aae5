package artifactpathoutside_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/artifactpathoutside"
)

func Test(t *testing.T) { linttest.Run(t, artifactpathoutside.Rule) }

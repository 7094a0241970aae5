package artifactlocationambiguous_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/artifactlocationambiguous"
)

func Test(t *testing.T) { linttest.Run(t, artifactlocationambiguous.Rule) }

package artifactparametermismatch_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/artifactparametermismatch"
)

func Test(t *testing.T) { linttest.Run(t, artifactparametermismatch.Rule) }

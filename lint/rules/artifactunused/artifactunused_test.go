package artifactunused_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/artifactunused"
)

func Test(t *testing.T) { linttest.Run(t, artifactunused.Rule) }

package artifactgconinput_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/artifactgconinput"
)

func Test(t *testing.T) { linttest.Run(t, artifactgconinput.Rule) }

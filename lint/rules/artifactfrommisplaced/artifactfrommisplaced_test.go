package artifactfrommisplaced_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/artifactfrommisplaced"
)

func Test(t *testing.T) { linttest.Run(t, artifactfrommisplaced.Rule) }

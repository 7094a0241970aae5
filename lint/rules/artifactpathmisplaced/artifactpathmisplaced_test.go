package artifactpathmisplaced_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/artifactpathmisplaced"
)

func Test(t *testing.T) { linttest.Run(t, artifactpathmisplaced.Rule) }

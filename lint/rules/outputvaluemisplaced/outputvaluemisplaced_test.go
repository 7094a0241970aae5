package outputvaluemisplaced_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/outputvaluemisplaced"
)

func Test(t *testing.T) { linttest.Run(t, outputvaluemisplaced.Rule) }

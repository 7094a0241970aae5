package artifactsourcemissing_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/artifactsourcemissing"
)

func Test(t *testing.T) { linttest.Run(t, artifactsourcemissing.Rule) }

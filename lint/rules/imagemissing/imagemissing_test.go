package imagemissing_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/imagemissing"
)

func Test(t *testing.T) { linttest.Run(t, imagemissing.Rule) }

package namemissing_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/namemissing"
)

func Test(t *testing.T) { linttest.Run(t, namemissing.Rule) }

package templateunknown_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/templateunknown"
)

func Test(t *testing.T) { linttest.Run(t, templateunknown.Rule) }

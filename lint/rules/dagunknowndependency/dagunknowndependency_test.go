package dagunknowndependency_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/dagunknowndependency"
)

func Test(t *testing.T) { linttest.Run(t, dagunknowndependency.Rule) }

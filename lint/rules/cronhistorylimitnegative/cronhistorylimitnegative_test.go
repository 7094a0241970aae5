package cronhistorylimitnegative_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/cronhistorylimitnegative"
)

func Test(t *testing.T) { linttest.Run(t, cronhistorylimitnegative.Rule) }

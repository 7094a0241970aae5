package rootuser_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/rootuser"
)

func Test(t *testing.T) { linttest.Run(t, rootuser.Rule) }

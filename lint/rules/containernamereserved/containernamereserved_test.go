package containernamereserved_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/containernamereserved"
)

func Test(t *testing.T) { linttest.Run(t, containernamereserved.Rule) }

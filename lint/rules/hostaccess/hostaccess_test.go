package hostaccess_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/hostaccess"
)

func Test(t *testing.T) { linttest.Run(t, hostaccess.Rule) }

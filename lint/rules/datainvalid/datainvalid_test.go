package datainvalid_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/datainvalid"
)

func Test(t *testing.T) { linttest.Run(t, datainvalid.Rule) }

package httpinvalid_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/httpinvalid"
)

func Test(t *testing.T) { linttest.Run(t, httpinvalid.Rule) }

package retryinvalid_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/retryinvalid"
)

func Test(t *testing.T) { linttest.Run(t, retryinvalid.Rule) }

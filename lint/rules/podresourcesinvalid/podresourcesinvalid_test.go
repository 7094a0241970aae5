package podresourcesinvalid_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/podresourcesinvalid"
)

func Test(t *testing.T) { linttest.Run(t, podresourcesinvalid.Rule) }

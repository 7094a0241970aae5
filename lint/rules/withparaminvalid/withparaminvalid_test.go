package withparaminvalid_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/withparaminvalid"
)

func Test(t *testing.T) { linttest.Run(t, withparaminvalid.Rule) }

package resourcesmissing_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/resourcesmissing"
)

func Test(t *testing.T) { linttest.Run(t, resourcesmissing.Rule) }

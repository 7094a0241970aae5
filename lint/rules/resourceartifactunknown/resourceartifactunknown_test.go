package resourceartifactunknown_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/resourceartifactunknown"
)

func Test(t *testing.T) { linttest.Run(t, resourceartifactunknown.Rule) }

package entrypointunknown_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/entrypointunknown"
)

func Test(t *testing.T) { linttest.Run(t, entrypointunknown.Rule) }

package crondstgap_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/crondstgap"
)

func Test(t *testing.T) { linttest.Run(t, crondstgap.Rule) }

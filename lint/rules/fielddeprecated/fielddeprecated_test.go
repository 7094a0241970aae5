package fielddeprecated_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/fielddeprecated"
)

func Test(t *testing.T) { linttest.Run(t, fielddeprecated.Rule) }

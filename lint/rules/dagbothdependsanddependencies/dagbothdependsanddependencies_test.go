package dagbothdependsanddependencies_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/dagbothdependsanddependencies"
)

func Test(t *testing.T) { linttest.Run(t, dagbothdependsanddependencies.Rule) }

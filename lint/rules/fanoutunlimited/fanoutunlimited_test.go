package fanoutunlimited_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/fanoutunlimited"
)

func Test(t *testing.T) { linttest.Run(t, fanoutunlimited.Rule) }

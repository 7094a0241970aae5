package cronschedule_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/cronschedule"
)

func Test(t *testing.T) { linttest.Run(t, cronschedule.Rule) }

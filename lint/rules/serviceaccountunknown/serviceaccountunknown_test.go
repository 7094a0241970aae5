package serviceaccountunknown_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/serviceaccountunknown"
)

func Test(t *testing.T) { linttest.Run(t, serviceaccountunknown.Rule) }

package serviceaccountdefault_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/serviceaccountdefault"
)

func Test(t *testing.T) { linttest.Run(t, serviceaccountdefault.Rule) }

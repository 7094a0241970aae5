package enumempty_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/enumempty"
)

func Test(t *testing.T) { linttest.Run(t, enumempty.Rule) }

package retrynotidempotent_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/retrynotidempotent"
)

func Test(t *testing.T) { linttest.Run(t, retrynotidempotent.Rule) }

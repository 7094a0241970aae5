package secretasparameter_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/secretasparameter"
)

func Test(t *testing.T) { linttest.Run(t, secretasparameter.Rule) }

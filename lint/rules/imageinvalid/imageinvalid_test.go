package imageinvalid_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/imageinvalid"
)

func Test(t *testing.T) { linttest.Run(t, imageinvalid.Rule) }

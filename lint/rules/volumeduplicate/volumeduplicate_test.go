package volumeduplicate_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/volumeduplicate"
)

func Test(t *testing.T) { linttest.Run(t, volumeduplicate.Rule) }

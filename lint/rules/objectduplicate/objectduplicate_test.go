package objectduplicate_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/objectduplicate"
)

func Test(t *testing.T) { linttest.Run(t, objectduplicate.Rule) }

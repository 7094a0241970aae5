package imageregistryunlisted_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/imageregistryunlisted"
)

func Test(t *testing.T) { linttest.Run(t, imageregistryunlisted.Rule) }

package resourcemanifestmissing_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/resourcemanifestmissing"
)

func Test(t *testing.T) { linttest.Run(t, resourcemanifestmissing.Rule) }

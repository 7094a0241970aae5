package resourcemanifestambiguous_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/resourcemanifestambiguous"
)

func Test(t *testing.T) { linttest.Run(t, resourcemanifestambiguous.Rule) }

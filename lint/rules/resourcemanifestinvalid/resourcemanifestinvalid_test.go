package resourcemanifestinvalid_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/resourcemanifestinvalid"
)

func Test(t *testing.T) { linttest.Run(t, resourcemanifestinvalid.Rule) }

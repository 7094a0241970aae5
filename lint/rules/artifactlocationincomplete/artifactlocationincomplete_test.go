package artifactlocationincomplete_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/artifactlocationincomplete"
)

func Test(t *testing.T) { linttest.Run(t, artifactlocationincomplete.Rule) }

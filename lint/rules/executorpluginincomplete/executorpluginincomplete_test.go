package executorpluginincomplete_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/executorpluginincomplete"
)

func Test(t *testing.T) { linttest.Run(t, executorpluginincomplete.Rule) }

package metricrealtimeresources_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/metricrealtimeresources"
)

func Test(t *testing.T) { linttest.Run(t, metricrealtimeresources.Rule) }

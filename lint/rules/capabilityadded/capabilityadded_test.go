package capabilityadded_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/capabilityadded"
)

func Test(t *testing.T) { linttest.Run(t, capabilityadded.Rule) }

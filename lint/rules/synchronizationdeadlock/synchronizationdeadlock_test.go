package synchronizationdeadlock_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/synchronizationdeadlock"
)

func Test(t *testing.T) { linttest.Run(t, synchronizationdeadlock.Rule) }

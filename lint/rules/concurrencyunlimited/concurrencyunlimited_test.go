package concurrencyunlimited_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/concurrencyunlimited"
)

func Test(t *testing.T) { linttest.Run(t, concurrencyunlimited.Rule) }

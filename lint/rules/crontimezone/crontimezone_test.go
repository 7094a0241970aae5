package crontimezone_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/crontimezone"
)

func Test(t *testing.T) { linttest.Run(t, crontimezone.Rule) }

package dependswithoutitems_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/dependswithoutitems"
)

func Test(t *testing.T) { linttest.Run(t, dependswithoutitems.Rule) }

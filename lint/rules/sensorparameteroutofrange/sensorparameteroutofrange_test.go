package sensorparameteroutofrange_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/sensorparameteroutofrange"
)

func Test(t *testing.T) { linttest.Run(t, sensorparameteroutofrange.Rule) }

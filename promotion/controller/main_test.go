package controller_test

import (
	"log/slog"
	"os"
	"testing"

	"github.com/tiphys-dev/tiphys/promotion/controller"
)

func TestMain(m *testing.M) {
	controller.LogLibraries(slog.New(slog.DiscardHandler))
	os.Exit(m.Run())
}

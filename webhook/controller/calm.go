package controller

import (
	"log/slog"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/tiphys-dev/tiphys/internal/calm"
)

// LogLibraries has what libraries write to a log of the process written to this
// one. A process calls it once, before all else.
func LogLibraries(to *slog.Logger) {
	quiet := calm.Handler{Handler: to.Handler()}
	log.SetLogger(logr.FromSlogHandler(quiet))
	klog.SetSlogLogger(slog.New(quiet))
}

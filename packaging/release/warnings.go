package release

import (
	"slices"
	"sync"
)

// warnings are what the API server says beside its answers, each once.
type warnings struct {
	mu    sync.Mutex
	texts []string
}

// HandleWarningHeader is for client-go.
func (w *warnings) HandleWarningHeader(code int, _, text string) {
	if code == 299 && text != "" {
		w.add(text)
	}
}

func (w *warnings) add(text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !slices.Contains(w.texts, text) {
		w.texts = append(w.texts, text)
	}
}

func (w *warnings) all() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.texts)
}

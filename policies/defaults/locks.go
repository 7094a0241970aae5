package defaults

import (
	"strings"

	"github.com/tiphys-dev/tiphys/lint/manifest"
)

// locks refuses a mutex that the workflow would hold until it is done, while each
// of its templates waits for it.
func (c *compiler) locks(spec, templates *manifest.Node) {
	held := mutexes(spec)
	for _, m := range templates.At("synchronization", "mutexes").Items() {
		name := m.Get("name")
		if lock, ok := lockOf(m); ok && held[lock] {
			c.problem(name, "mutex %q is that of spec, which a workflow holds until it is done, so each run would wait for itself: name it in spec alone, or in templates alone", name.Text())
		}
	}
}

// A lock is the identity of a mutex.
type lock struct {
	namespace, name string
	database        bool
}

func mutexes(owner *manifest.Node) map[lock]bool {
	all := map[lock]bool{}
	for _, m := range owner.At("synchronization", "mutexes").Items() {
		if l, ok := lockOf(m); ok {
			all[l] = true
		}
	}
	return all
}

// lockOf returns the lock that a mutex is; one whose name differs from call to
// call is not known.
func lockOf(m *manifest.Node) (lock, bool) {
	name := m.Get("name").Text()
	known := name != "" && !strings.Contains(name, "{{inputs.") && !strings.Contains(name, "{{=")
	return lock{m.Get("namespace").Text(), name, m.Get("database").True()}, known
}

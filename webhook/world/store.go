package world

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/tiphys-dev/tiphys/lint/resolve"
)

// A record is what is kept of an object beside its name.
type record struct {
	labels  map[string]string
	library *resolve.Library
}

// A store holds the records of one kind. It is what a reflector fills.
type store struct {
	mu     sync.RWMutex
	spaces map[string]map[string]record
	count  int
	filled bool
}

func (s *store) get(namespace, name string) (record, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	r, ok := s.spaces[namespace][name]
	return r, ok
}

func (s *store) names(namespace string) []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := make([]string, 0, len(s.spaces[namespace]))
	for name := range s.spaces[namespace] {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

func (s *store) each(namespace string, f func(string, record) bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for name, r := range s.spaces[namespace] {
		if !f(name, r) {
			return
		}
	}
}

func (s *store) size() (count int, filled bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.count, s.filled
}

// Add implements the store of a reflector, like the methods below.
func (s *store) Add(o any) error { return s.change(o, true) }

// Update sets an object.
func (s *store) Update(o any) error { return s.change(o, true) }

// Delete removes an object.
func (s *store) Delete(o any) error { return s.change(o, false) }

func (s *store) change(o any, there bool) error {
	i, ok := o.(*item)
	if !ok {
		return fmt.Errorf("store %T", o)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if there {
		s.set(i)
		return nil
	}
	if _, was := s.spaces[i.Namespace][i.Name]; was {
		s.count--
		delete(s.spaces[i.Namespace], i.Name)
	}
	if len(s.spaces[i.Namespace]) == 0 {
		delete(s.spaces, i.Namespace)
	}
	return nil
}

func (s *store) set(i *item) {
	in := s.spaces[i.Namespace]
	if in == nil {
		if s.spaces == nil {
			s.spaces = map[string]map[string]record{}
		}
		in = map[string]record{}
		s.spaces[strings.Clone(i.Namespace)] = in
	}
	if _, was := in[i.Name]; !was {
		s.count++
	}
	in[strings.Clone(i.Name)] = i.record
}

// Replace sets all objects.
func (s *store) Replace(all []any, _ string) error {
	var next store
	for _, o := range all {
		if err := next.change(o, true); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spaces, s.count, s.filled = next.spaces, next.count, true
	return nil
}

// Resync has nothing to do.
func (s *store) Resync() error { return nil }

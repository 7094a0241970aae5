package soak

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	core "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// A fault is something that breaks, and is mended again.
type fault struct {
	name string
	// door and road are set where requests, or promotions and changes of policies,
	// may fail meanwhile. Where neither is, nothing may.
	door, road bool
	do         func(*soak)
	// calm is how long nothing breaks before it does again.
	calm time.Duration
}

var (
	killed = fault{"API server killed", true, true, func(s *soak) { s.api.Crash(s); s.wait(time.Second); s.api.Restart(s) }, 12 * time.Second}
	hangs  = fault{"API server hangs", true, true, func(s *soak) {
		s.api.Pause(s)
		s.wait(6 * time.Second)
		s.api.Resume(s)
	}, 10 * time.Second}
	// The API server still asks the webhooks, which answer from memory.
	cut = fault{"connections to it cut, or stalled", false, true, func(s *soak) {
		stall := rand.IntN(2) == 0
		for _, p := range s.roads {
			if stall {
				p.Stall()
			} else {
				p.Cut()
			}
		}
		s.wait(6 * time.Second)
		for _, p := range s.roads {
			p.Pass()
		}
	}, 10 * time.Second}
	replaced = fault{"webhooks rolled out", false, false, func(s *soak) {
		for _, p := range s.webhooks[1:] {
			if err := p.replace(); err != nil {
				s.defect("%v", err)
			}
		}
	}, 3 * time.Second}
	webhookKilled = fault{"webhook killed", true, true, func(s *soak) {
		if c := s.webhooks[1].now(); c != nil {
			c.kill()
		}
	}, 5 * time.Second}
	controllerKilled = fault{"controller killed", false, true, func(s *soak) {
		if c := s.controllers[rand.IntN(2)].now(); c != nil {
			c.kill()
		}
	}, 8 * time.Second}
	controllerReplaced = fault{"controllers rolled out", false, true, func(s *soak) {
		for _, p := range s.controllers {
			if err := p.replace(); err != nil {
				s.defect("%v", err)
			}
		}
	}, 5 * time.Second}
)

// defect notes something that must not be, whatever is broken.
func (s *soak) defect(format string, args ...any) {
	s.book.problem(format, args...)
	s.book.count(s.book.now(), func(p *phase) { p.defects++ })
}

// breaks breaks things for a while.
func (s *soak) breaks(name string, long time.Duration, faults ...fault) {
	p := s.book.begin(name)
	for end := time.Now().Add(long); time.Now().Before(end) && s.load.Err() == nil; {
		f := faults[rand.IntN(len(faults))]
		if f.door {
			s.door.begin()
		}
		if f.road {
			s.road.begin()
		}
		f.do(s)
		mended := time.Now()
		s.recovers(f)
		s.book.count(p, func(p *phase) {
			p.faults++
			p.recovery = max(p.recovery, time.Since(mended))
		})
		if f.door {
			s.door.end()
		}
		if f.road {
			s.road.end()
		}
		s.wait(f.calm)
	}
}

// recovers waits until everything is as it was before a fault.
func (s *soak) recovers(f fault) {
	well := 0
	err := errors.New("it was not looked at")
	for end := time.Now().Add(90 * time.Second); time.Now().Before(end) && s.load.Err() == nil; {
		if err = s.healthy(); err == nil {
			if well++; well == 10 {
				return
			}
		} else {
			well = 0
		}
		s.wait(100 * time.Millisecond)
	}
	if s.load.Err() == nil {
		s.defect("90 seconds after %q it is not as it was: %v", f.name, err)
	}
}

// healthy asks for a verdict and for defaults, and whether all are ready.
func (s *soak) healthy() error {
	ctx, cancel := context.WithTimeout(s.load, 5*time.Second)
	defer cancel()
	w := &worker{soak: s, client: s.admin}

	for _, k := range kinds[:2] {
		if _, err := w.of(k, plain).Create(ctx, w.object(k, plain, astray), dryRun); err == nil || !strings.Contains(err.Error(), "[entrypoint-unknown]") {
			return fmt.Errorf("no verdict: %v", err)
		}
		u, err := w.of(k, filled).Create(ctx, w.object(k, filled, endless), dryRun)
		if err != nil {
			return fmt.Errorf("no defaults: %v", err)
		}
		if _, found, _ := unstructured.NestedInt64(u.Object, "spec", "activeDeadlineSeconds"); !found {
			return errUnmutated
		}
	}
	if n := len(s.balancer.ready()); n < 2 {
		return fmt.Errorf("%d webhooks are ready", n)
	}
	for _, p := range s.controllers {
		if c := p.now(); c == nil || !c.isReady() {
			return fmt.Errorf("%s is not ready", p.name)
		}
	}
	return nil
}

// rotates gives both programs new tokens, and then makes the old ones invalid.
// A program reads its token again within a minute.
func (s *soak) rotates(long time.Duration) {
	p := s.book.begin("tokens replaced")
	began := time.Now()
	for account := range s.roads {
		s.until("make a token", func(i int) error { return s.token(account, fmt.Sprint("second-", i)) })
	}
	s.wait(75 * time.Second)
	for account := range s.roads {
		s.until("delete what the old token hangs on", func(int) error {
			err := s.core.CoreV1().Secrets(home).Delete(s.load, account+"-first", metav1.DeleteOptions{})
			if apierrors.IsNotFound(err) {
				return nil // an answer before got lost
			}
			return err
		})
	}
	s.book.count(p, func(p *phase) { p.faults++ })
	s.wait(max(20*time.Second, long-time.Since(began)))
}

// until does something of our own until it is done: nothing that is looked at may
// hang on it.
func (s *soak) until(what string, do func(try int) error) {
	for i := 0; s.load.Err() == nil; i++ {
		err := do(i)
		if err == nil {
			return
		}
		s.Logf("%s: %v", what, err)
		s.wait(time.Second)
	}
}

// slow is how long a request may take that no webhook is asked for. On a machine
// where it takes longer, nothing can be told of what fails.
const slow = 3 * time.Second

// stalls looks all the time whether the machine still works, and takes it for a
// fault while it does not.
func (s *soak) stalls() {
	maps := s.core.CoreV1().ConfigMaps(home)
	for s.load.Err() == nil {
		began, done := time.Now(), make(chan error, 1)
		go func() {
			ctx, cancel := context.WithTimeout(s.load, time.Minute)
			defer cancel()
			o := &core.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprint("stall-", serial.Add(1))}}
			_, err := maps.Create(ctx, o, metav1.CreateOptions{})
			if err == nil {
				err = maps.Delete(ctx, o.Name, metav1.DeleteOptions{})
			}
			done <- err
		}()
		select {
		case <-done:
		case <-time.After(slow):
			if !s.door.overlaps(began) {
				s.stalled(began, done)
			} else {
				<-done
			}
		}
		s.wait(500 * time.Millisecond)
	}
}

// stalled lasts until a request is answered, and all is as it was before.
func (s *soak) stalled(began time.Time, done <-chan error) {
	p := s.book.now()
	s.door.begin()
	s.road.begin()
	<-done
	s.recovers(fault{name: "the machine stalled"})
	s.door.end()
	s.road.end()
	s.book.count(p, func(p *phase) { p.stalled += time.Since(began) })
}

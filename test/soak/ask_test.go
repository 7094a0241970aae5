package soak

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// deadline is how long a client waits for an answer: longer than an API server
// waits for a webhook, and than any pause of it here.
const deadline = 40 * time.Second

// errUnmutated is what a check returns that finds none of the defaults.
var errUnmutated = errors.New("it has no defaults")

// A question is a request to the API server whose answer is known.
type question struct {
	what string
	do   func(context.Context) (*unstructured.Unstructured, error)
	// denied is a text of the refusal, "" where the request is allowed.
	denied string
	// check looks at what came out of a request that is allowed.
	check func(*unstructured.Unstructured) error
	// counted is set where the webhook must ask the API server to answer.
	counted bool
}

// An answer is what has become of a request.
type answer uint8

const (
	right answer = iota
	failed
	wrong
)

// ask makes a request and judges the answer.
func (s *soak) ask(q question) (*unstructured.Unstructured, answer) {
	p, began := s.book.now(), time.Now()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), deadline)
	defer cancel()
	u, err := q.do(ctx)
	took, faulty := time.Since(began), s.door.overlaps(began) || q.counted && s.road.overlaps(began)
	s.book.count(p, func(p *phase) { p.sent++ })
	is := func(a answer, change func(*phase)) (*unstructured.Unstructured, answer) {
		s.book.count(p, change)
		return u, a
	}
	amiss := func(format string, args ...any) (*unstructured.Unstructured, answer) {
		s.book.problem("%s: %s", q.what, fmt.Sprintf(format, args...))
		return is(wrong, func(p *phase) { p.wrong++ })
	}
	answered := func(p *phase) {
		p.right++
		if !faulty {
			p.slowest = max(p.slowest, took)
		}
	}
	switch {
	case err == nil && q.denied != "":
		return amiss("it is allowed, and must be denied: %s", q.denied)
	case err == nil:
		if q.check == nil {
			return is(right, answered)
		}
		switch err := q.check(u); {
		case err == nil:
			return is(right, answered)
		case errors.Is(err, errUnmutated) && faulty:
			return is(failed, func(p *phase) { p.open++ })
		default:
			return amiss("%v", err)
		}
	case isDenial(err):
		if q.denied != "" && strings.Contains(err.Error(), q.denied) {
			return is(right, answered)
		}
		return amiss("it is denied, and %s: %v", wanted(q.denied), err)
	case ctx.Err() != nil:
		s.book.problem("%s: there is no answer after %s: %v", q.what, took, err)
		return is(failed, func(p *phase) { p.lost++ })
	case faulty:
		return is(failed, func(p *phase) { p.failed++ })
	default:
		s.book.problem("%s: after %s, while no fault was on: %v", q.what, took.Round(time.Millisecond), err)
		return is(failed, func(p *phase) { p.defects++ })
	}
}

func wanted(denied string) string {
	if denied == "" {
		return "must be allowed"
	}
	return "should say " + denied
}

// isDenial tells a refusal of an object from an error of who was to judge it.
func isDenial(err error) bool {
	return strings.Contains(err.Error(), "denied the request") || strings.Contains(err.Error(), "denied request") || apierrors.IsInvalid(err)
}

// insist asks until there is an answer.
func (s *soak) insist(q question) *unstructured.Unstructured {
	for s.load.Err() == nil {
		if u, a := s.ask(q); a != failed {
			return u
		}
		s.wait(200 * time.Millisecond)
	}
	return nil
}

package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/promotion/client"
)

// promotePromotion asks the controller to promote: name is that of a Promotion.
// A candidate is pinned; without one, the pin is taken off, so that the newest
// goes on.
func promotePromotion(c *cobra.Command, s Streams, f *promoteFlags, name string) error {
	at := &promotionFlags{namespace: f.namespace, cluster: f.cluster, dryRun: f.dryRun}
	cl, err := at.open()
	if err != nil {
		return err
	}
	if name == "" {
		return errors.New("the name of the promotion is empty")
	}
	v, err := at.look(c.Context(), cl, name, f.to)
	if err != nil {
		return err
	}
	if f.candidate == "" {
		if f.reason != "" {
			return errors.New("--reason goes with --candidate: without one, a pin is taken off, and nothing is left to give a reason for")
		}
		return at.unpin(c.Context(), s, cl, v, f.to)
	}
	candidate, err := v.choose(f.candidate)
	if err != nil {
		return err
	}
	return at.pin(c.Context(), s, cl, v, f.to, candidate.Name, f.reason)
}

// pin holds an environment at a candidate, and says what that means.
func (f *promotionFlags) pin(ctx context.Context, s Streams, cl *client.Client, v promotionView, environment, candidate, reason string) error {
	name := v.Promotion.Name
	place := v.place(candidate, environment)
	pin := v1alpha1.Pin{Candidate: candidate, Reason: reason, At: metav1.Time{Time: time.Now().Truncate(time.Second)}}
	failed := place != nil && place.Failed != nil
	if failed && !pin.At.After(place.Failed.Time) { // our clock is behind that of the controller
		pin.At.Time = place.Failed.Add(time.Second)
	}
	was, err := cl.Pin(ctx, name, environment, pin, client.Options{DryRun: f.dryRun})
	if err != nil {
		return promotionError(err)
	}
	verb := "is"
	if f.dryRun {
		verb = "would be"
	}
	fmt.Fprintf(s.Out, "%s of promotion %q %s held at %s\n", environment, name, verb, printable(v.describe(candidate)))
	st := v.status(environment)
	switch {
	case failed:
		fmt.Fprintln(s.Out, "it failed there before: it is tried again once its gates are open")
	case st.Candidate == candidate:
		fmt.Fprintln(s.Out, "it is there already")
	case place != nil && place.Deployment != nil:
		fmt.Fprintln(s.Out, "it was there before: it goes in past all gates but lint")
	default:
		fmt.Fprintln(s.Out, "it was not there before: it goes in once its gates are open")
	}
	if was.Pin != nil && was.Pin.Candidate != candidate {
		fmt.Fprintf(s.Out, "until now it was held at %s\n", was.Pin.Candidate)
	}
	fmt.Fprintf(s.Out, "to let it go on: %s\n", f.command("promote", name, "--to", environment))
	return nil
}

// unpin lets the newest candidate go on.
func (f *promotionFlags) unpin(ctx context.Context, s Streams, cl *client.Client, v promotionView, environment string) error {
	name := v.Promotion.Name
	was, err := cl.Unpin(ctx, name, environment, client.Options{DryRun: f.dryRun})
	if err != nil {
		return promotionError(err)
	}
	if was.Pin == nil {
		next := v.status(environment).Next
		if next == "" {
			a := v.nothingWaits(environment, f.command)
			text := fmt.Sprintf("%s of promotion %q is not held at a candidate, and nothing waits: %s", environment, name, a.Text)
			if a.Command != "" {
				text += "; " + a.Command
			}
			return &exit{exitFindings, errors.New(text)}
		}
		fmt.Fprintf(s.Out, "%s of promotion %q is not held at a candidate: %s goes in once its gates are open; see %s\n", environment, name, next, f.command("why", name, environment))
		return nil
	}
	verb := "is"
	if f.dryRun {
		verb = "would be"
	}
	fmt.Fprintf(s.Out, "%s of promotion %q %s held no longer at %s: the newest candidate goes on\n", environment, name, verb, was.Pin.Candidate)
	return nil
}

// rollBack holds an environment at the candidate that was there before.
func (f *promotionFlags) rollBack(ctx context.Context, s Streams, name, environment, candidate, reason string) error {
	cl, err := f.open()
	if err != nil {
		return err
	}
	v, err := f.look(ctx, cl, name, environment)
	if err != nil {
		return err
	}
	target, err := v.before(environment, candidate, f.command)
	if err != nil {
		return err
	}
	return f.pin(ctx, s, cl, v, environment, target, reason)
}

// before is the candidate to go back to.
func (v promotionView) before(environment, candidate string, typed commands) (string, error) {
	refused := func(format string, args ...any) (string, error) {
		return "", &exit{exitFindings, fmt.Errorf(format, args...)}
	}
	there := v.status(environment).Candidate
	if candidate != "" {
		c, err := v.choose(candidate)
		if err != nil {
			return "", err
		}
		if place := v.place(c.Name, environment); place == nil || place.Deployment == nil {
			return refused("%s was never in %s, so nothing can go back to it; to go on to it: %s", c.Name, environment,
				typed("promote", v.Promotion.Name, "--to", environment, "--candidate", c.Name))
		}
		return c.Name, nil
	}
	if there == "" {
		return refused("nothing is in %s of promotion %q, so nothing can be gone back from", environment, v.Promotion.Name)
	}
	place := v.place(there, environment)
	if place == nil || place.Deployment == nil || place.Deployment.Replaced == "" {
		return refused("%s is the first candidate in %s of promotion %q, as far as is known: there is none before it", there, environment, v.Promotion.Name)
	}
	target := place.Deployment.Replaced
	switch {
	case v.candidate(target) == nil:
		return refused("the Candidate %s that was in %s before %s is gone: spec.historyLimit keeps so many; name another with --candidate", target, environment, there)
	case v.newer(target, there):
		return refused("%s was in %s before %s, and is newer; to go on to it: %s; to go further back, name a candidate with --candidate",
			target, environment, there, typed("promote", v.Promotion.Name, "--to", environment, "--candidate", target))
	}
	return target, nil
}

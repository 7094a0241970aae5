package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/packaging/deploy"
	"github.com/tiphys-dev/tiphys/promotion/client"
	"github.com/tiphys-dev/tiphys/promotion/gate"
)

type decideFlags struct {
	promotionFlags
	decision          v1alpha1.Decision
	candidate, reason string
	expires           time.Duration
	yes               bool
}

func newApprove(s Streams) *cobra.Command {
	return newDecide(s, v1alpha1.ToApprove, "Approve a candidate for an environment",
		"approve makes an Approval of the candidate that waits to enter an environment, in your name:\n"+
			"the API server holds that it is yours, and that you may.")
}

func newReject(s Streams) *cobra.Command {
	return newDecide(s, v1alpha1.ToReject, "Reject a candidate for an environment",
		"reject keeps the candidate that waits to enter an environment out of it, by an Approval that\n"+
			"says no, in your name. Deleting that Approval takes it back.")
}

func newDecide(s Streams, decision v1alpha1.Decision, short, long string) *cobra.Command {
	f := &decideFlags{decision: decision}
	name := string(decision)
	c := &cobra.Command{
		Use:   name + " NAME ENVIRONMENT",
		Short: short,
		Long: long + " On a terminal it asks before it does so.\n\n" +
			"Exit codes: 0 done, 1 refused, also because nothing waits, 2 usage, such as an unknown\n" +
			"promotion, environment or candidate, 3 the cluster cannot be reached or tiphys broke, 130\n" +
			"interrupted.",
		Example: "  tiphys " + name + " etl prod\n  tiphys " + name + " etl prod --candidate 3f2a9c1b --reason 'seen in qa'",
		Args:    promotionAndEnvironment,
		RunE: func(c *cobra.Command, args []string) error {
			return f.run(c, s, args[0], args[1])
		},
	}
	f.change(c)
	c.Flags().StringVar(&f.candidate, "candidate", "", "name, or first digits of the digest, of the candidate (default: the one that waits)")
	c.Flags().StringVar(&f.reason, "reason", "", "why")
	c.Flags().DurationVar(&f.expires, "expires", 0, "how long it counts for a candidate that has not entered (default: always)")
	c.Flags().BoolVarP(&f.yes, "yes", "y", false, "do not ask")
	completeCandidate(c, func() *promotionFlags { return &f.promotionFlags })
	return c
}

func (f *decideFlags) run(c *cobra.Command, s Streams, name, environment string) error {
	ctx := c.Context()
	if c.Flags().Changed("expires") && f.expires <= 0 {
		return fmt.Errorf("--expires %s is no time from now: it is more than 0, like 24h", f.expires)
	}
	cl, err := f.open()
	if err != nil {
		return err
	}
	v, err := f.look(ctx, cl, name, environment)
	if err != nil {
		return err
	}
	candidate, err := f.which(v, environment)
	if err != nil {
		return err
	}
	if done, err := f.already(ctx, s, cl, v, candidate.Name, environment); done || err != nil {
		return err
	}
	spec := v1alpha1.ApprovalSpec{Promotion: name, Candidate: candidate.Name, Environment: environment, Decision: f.decision, Reason: f.reason}
	if f.expires > 0 {
		spec.Expires = &metav1.Time{Time: time.Now().Add(f.expires).Truncate(time.Second)}
	}
	if err := f.tell(s, v, candidate, environment); err != nil {
		return failed(err)
	}
	if asks := !f.yes && !f.dryRun && interactive(s); asks {
		// Who may not is told so before he is asked.
		if _, err := cl.Decide(ctx, spec, client.Options{DryRun: true}); err != nil {
			return promotionError(err)
		}
		yes, err := ask(ctx, s, fmt.Sprintf("%s it for %s?", f.decision, environment))
		if err != nil {
			return err
		}
		if !yes {
			return &exit{exitFindings, errors.New("nothing was decided")}
		}
	}
	made, err := cl.Decide(ctx, spec, client.Options{DryRun: f.dryRun})
	if err != nil {
		return promotionError(err)
	}
	return failed(errors.Join(f.told(s, made), f.discounted(s, v, candidate, made)))
}

// discounted tells of gates at which the decision counts for nothing.
func (f *decideFlags) discounted(s Streams, v promotionView, c *v1alpha1.Candidate, made *v1alpha1.Approval) error {
	var wrong error
	for _, g := range v.spec(made.Spec.Environment).Gates {
		if g.Approval == nil || made.Spec.By.User == "" {
			continue
		}
		if why := gate.Discounts(g.Approval, c.Spec.Author, *made); why != "" {
			_, err := fmt.Fprintln(s.Out, printable(fmt.Sprintf("it does not count at gate %s: %s", g.ID(), why)))
			wrong = errors.Join(wrong, err)
		}
	}
	return wrong
}

func (f *decideFlags) told(s Streams, made *v1alpha1.Approval) error {
	past := map[v1alpha1.Decision]string{v1alpha1.ToApprove: "approved", v1alpha1.ToReject: "rejected"}[f.decision]
	verb := "was "
	if f.dryRun {
		verb = "would be "
	}
	line := fmt.Sprintf("%s %s%s for %s", made.Spec.Candidate, verb, past, made.Spec.Environment)
	if made.Spec.By.User != "" {
		line += " by " + made.Spec.By.User
	}
	if made.Spec.Expires != nil {
		line += ", until " + made.Spec.Expires.UTC().Format(time.RFC3339)
	}
	if !f.dryRun {
		line += ": approval " + made.Name
	}
	_, err := fmt.Fprintln(s.Out, printable(line))
	return err
}

// which is the candidate that is decided of.
func (f *decideFlags) which(v promotionView, environment string) (*v1alpha1.Candidate, error) {
	refused := func(format string, args ...any) (*v1alpha1.Candidate, error) {
		return nil, &exit{exitFindings, fmt.Errorf(format, args...)}
	}
	asksFor := slices.ContainsFunc(v.spec(environment).Gates, func(g v1alpha1.Gate) bool { return g.Approval != nil })
	if f.decision == v1alpha1.ToApprove && !asksFor {
		return refused("%s of promotion %q asks for no approval: it has no such gate", environment, v.Promotion.Name)
	}
	name := v.status(environment).Next
	if f.candidate != "" {
		c, err := v.choose(f.candidate)
		if err != nil {
			return nil, err
		}
		name = c.Name
	}
	if name == "" {
		return refused("nothing waits for %s of promotion %q: %s", environment, v.Promotion.Name, v.nothingWaits(environment, f.command).Text)
	}
	if place := v.place(name, environment); place != nil && place.Deployment != nil &&
		slices.Contains([]v1alpha1.State{v1alpha1.Deploying, v1alpha1.Verifying, v1alpha1.Verified}, place.State) {
		return refused("%s is in %s already: it is %s", name, environment, place.State)
	}
	c := v.candidate(name)
	if c == nil {
		return refused("the Candidate %s that waits for %s is gone", name, environment)
	}
	return c, nil
}

// already reports whether the latest that the user has decided is just that.
func (f *decideFlags) already(ctx context.Context, s Streams, cl *client.Client, v promotionView, candidate, environment string) (bool, error) {
	counts := func(a v1alpha1.Approval) bool {
		return a.Spec.Candidate == candidate && a.Spec.Environment == environment && (a.Spec.Expires == nil || a.Spec.Expires.After(time.Now()))
	}
	if !slices.ContainsFunc(v.Approvals, counts) {
		return false, nil
	}
	me, err := cl.Whoami(ctx)
	if err != nil {
		return false, promotionError(err)
	}
	var last *v1alpha1.Approval
	for i, a := range v.Approvals {
		if counts(a) && me.User != "" && a.Spec.By.User == me.User {
			last = &v.Approvals[i]
		}
	}
	if last == nil || last.Spec.Decision != f.decision {
		return false, nil
	}
	_, err = fmt.Fprintln(s.Out, printable(fmt.Sprintf("you, %s, have decided so already, %s: approval %s", me.User, ago(time.Now(), last.CreationTimestamp.Time), last.Name)))
	return true, failed(err)
}

// tell prints what is decided of.
func (f *decideFlags) tell(s Streams, v promotionView, c *v1alpha1.Candidate, environment string) error {
	t := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
	put := func(key, value string) {
		if value != "" {
			fmt.Fprintf(t, "%s:\t%s\n", key, printable(value))
		}
	}
	put("candidate", c.Name)
	put("digest", c.Spec.Digest)
	put("chart", c.Spec.Chart+" "+c.Spec.Version)
	put("subject", c.Spec.Subject)
	put("author", c.Spec.Author)
	put("revision", c.Spec.Revision)
	replaces := "nothing"
	if there := v.status(environment).Candidate; there != "" {
		replaces = v.describe(there)
	}
	put("replaces", replaces)
	if place := v.place(c.Name, environment); place != nil {
		for _, g := range v.gates(place) {
			word, _ := answer(g)
			put("gate "+g.Name, word+": "+g.Message)
		}
	}
	return t.Flush()
}

// interactive reports whether there is somebody to ask.
func interactive(s Streams) bool {
	in, ok := s.In.(*os.File)
	return ok && terminal(in)
}

// ask asks a question, to which anything but yes is no.
func ask(ctx context.Context, s Streams, question string) (bool, error) {
	fmt.Fprintf(s.Err, "%s [y/N] ", question)
	var line string
	err := deploy.Until(ctx, func() error {
		line, _ = bufio.NewReader(s.In).ReadString('\n') // the end of input is no
		return nil
	})
	if err != nil {
		return false, err
	}
	switch strings.ToLower(strings.TrimSpace(line)) {
	case "y", "yes":
		return true, nil
	}
	return false, nil
}

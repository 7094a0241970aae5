package cli

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/promotion/client"
)

func newWhy(s Streams) *cobra.Command {
	f := &promotionFlags{}
	c := &cobra.Command{
		Use:   "why NAME ENVIRONMENT",
		Short: "Tell what an environment of a promotion waits for, and what would let it go on",
		Long: "why tells what is in an environment, what waits to enter it, what each gate answers and by what\n" +
			"evidence, what would open it, and the command to type for that. Where nothing waits, it tells\n" +
			"why not.\n\n" +
			"Exit codes: 0 shown, 1 refused, 2 usage, such as an unknown promotion or environment, 3 the\n" +
			"cluster cannot be reached or tiphys broke, 130 interrupted.",
		Example: "  tiphys why etl prod",
		Args:    promotionAndEnvironment,
		RunE: func(c *cobra.Command, args []string) error {
			return f.why(c.Context(), s, args[0], args[1])
		},
	}
	f.show(c)
	return c
}

func (f *promotionFlags) why(ctx context.Context, s Streams, name, environment string) error {
	cl, err := f.open()
	if err != nil {
		return err
	}
	v, err := f.look(ctx, cl, name, environment)
	if err != nil {
		return err
	}
	r := v.explain(environment, f.command)
	if f.format == "json" {
		return writeJSON(s, r)
	}
	return failed(writeWhy(s.Out, r, time.Now()))
}

// look gets a promotion that has this environment.
func (f *promotionFlags) look(ctx context.Context, cl *client.Client, name, environment string) (promotionView, error) {
	got, err := cl.Get(ctx, name)
	if err != nil {
		return promotionView{}, promotionError(err)
	}
	v := promotionView{*got}
	if v.index(environment) < 0 {
		return v, client.UnknownEnvironment(&v.Promotion, environment)
	}
	return v, nil
}

// A why is all that there is to say of an environment.
type why struct {
	Promotion   string `json:"promotion"`
	Environment string `json:"environment"`
	Namespace   string `json:"namespace,omitempty"` // that it is deployed to
	// Notes are what goes for all of it, the most urgent one first.
	Notes []advice `json:"notes"`
	// There is what is in the environment, Waits what waits to enter it.
	There *placed `json:"there,omitempty"`
	Waits *placed `json:"waits,omitempty"`
	// Nothing is why nothing waits.
	Nothing *advice `json:"nothingWaits,omitempty"`
}

// An advice is a sentence, and what to type.
type advice struct {
	Text    string `json:"text"`
	Command string `json:"command,omitempty"`
}

// A placed candidate is one in an environment, or about to enter it.
type placed struct {
	Candidate string         `json:"candidate"`
	What      string         `json:"what"` // in words
	State     v1alpha1.State `json:"state"`
	Since     time.Time      `json:"since,omitzero"`
	Message   string         `json:"message,omitempty"`
	Revision  int32          `json:"revision,omitempty"`
	Unhealthy string         `json:"unhealthy,omitempty"`
	// Proposal is a pull request.
	Proposal string `json:"pullRequest,omitempty"`
	// Undo is what takes back that it is rejected.
	Undo  string       `json:"undo,omitempty"`
	Gates []gateAdvice `json:"gates,omitempty"`
}

// A gateAdvice is what a gate answered, and what would open it.
type gateAdvice struct {
	v1alpha1.GateStatus
	Opens *advice `json:"opens,omitempty"`
}

// commands writes a command line of tiphys.
type commands func(args ...string) string

// explain says what there is to say of an environment.
func (v promotionView) explain(environment string, typed commands) why {
	st, spec := v.status(environment), v.spec(environment)
	r := why{Promotion: v.Promotion.Name, Environment: environment, Namespace: st.Namespace, Notes: []advice{}}
	if r.Namespace == "" {
		r.Namespace = spec.Namespace
	}
	for _, text := range v.troubles() {
		r.Notes = append(r.Notes, advice{Text: text})
	}
	if spec.Freeze != nil {
		r.Notes = append(r.Notes, advice{"frozen: " + spec.Freeze.Reason, typed("freeze", r.Promotion, environment, "--off")})
	}
	if spec.Pin != nil {
		text := "pinned: held at " + spec.Pin.Candidate + " since " + spec.Pin.At.UTC().Format(time.RFC3339)
		if spec.Pin.Reason != "" {
			text += ": " + spec.Pin.Reason
		}
		r.Notes = append(r.Notes, advice{text, typed("promote", r.Promotion, "--to", environment)})
	}
	if st.Drift != nil && st.Drift.Count > 0 {
		drifted := "1 object is not as it was deployed"
		if st.Drift.Count > 1 {
			drifted = fmt.Sprintf("%d objects are not as they were deployed", st.Drift.Count)
		}
		r.Notes = append(r.Notes, advice{Text: fmt.Sprintf("drifted: %s: %s", drifted, listed(st.Drift.Objects, int(st.Drift.Count)))})
	}
	if st.Candidate != "" {
		r.There = v.placed(st.Candidate, environment, st.State, typed)
	}
	if st.Next != "" {
		r.Waits = v.placed(st.Next, environment, v1alpha1.Waiting, typed)
	} else {
		a := v.nothingWaits(environment, typed)
		r.Nothing = &a
	}
	return r
}

func (v promotionView) placed(candidate, environment string, state v1alpha1.State, typed commands) *placed {
	p := &placed{Candidate: candidate, What: v.describe(candidate), State: state}
	place := v.place(candidate, environment)
	if place == nil {
		return p
	}
	p.State, p.Since, p.Message, p.Unhealthy = place.State, place.Since.Time, place.Message, place.Unhealthy
	if place.Deployment != nil {
		p.Revision, p.Proposal = place.Deployment.Revision, place.Deployment.PullRequest
	}
	p.Proposal = cmp.Or(place.PullRequest, p.Proposal)
	if p.State == v1alpha1.Rejected {
		p.Undo = v.unreject(place)
	}
	for _, g := range v.gates(place) {
		opens := v.opens(candidate, environment, g, typed)
		if opens != nil && p.Undo != "" && g.Kind == "approval" {
			opens = &advice{"that it is not rejected any more", p.Undo}
		}
		p.Gates = append(p.Gates, gateAdvice{g, opens})
	}
	return p
}

// nothingWaits says why no candidate waits to enter an environment.
func (v promotionView) nothingWaits(environment string, typed commands) advice {
	if len(v.Candidates) == 0 {
		return advice{Text: "no candidate was found in the source yet"}
	}
	there, next := v.status(environment).Candidate, v.ready(environment)
	if place := v.place(there, environment); place != nil && place.State == v1alpha1.Failed {
		return v.refusedThere(there, environment, typed)
	}
	if next != "" && next != there && (there == "" || v.newer(next, there)) {
		return v.refusedThere(next, environment, typed)
	}
	at := v.index(environment)
	if at == 0 {
		return advice{Text: "the newest package of the source is what is here"}
	}
	for i := at - 1; i >= 0; i-- {
		before := v.Promotion.Spec.Environments[i].Name
		st := v.status(before)
		switch {
		case st.Candidate == "" && there == "":
			return advice{"nothing is in " + before + " yet, where it has to be verified first", typed("why", v.Promotion.Name, before)}
		case st.Candidate != "" && st.Candidate != there && (there == "" || v.newer(st.Candidate, there)):
			return advice{v.underWay(st, i < at-1), typed("why", v.Promotion.Name, before)}
		}
	}
	return advice{Text: "what is verified in " + v.Promotion.Spec.Environments[at-1].Name + " is what is here"}
}

// underWay tells of a candidate in an environment before, and the gate that
// holds it there.
func (v promotionView) underWay(st v1alpha1.EnvironmentStatus, far bool) string {
	text := fmt.Sprintf("%s is not verified in %s yet: it is %s there", st.Candidate, st.Name, st.State)
	if far {
		text = fmt.Sprintf("%s is on its way: it is %s in %s", st.Candidate, st.State, st.Name)
	}
	for _, g := range v.gates(v.place(st.Candidate, st.Name)) {
		if word, _ := answer(g); word != "open" {
			return text + fmt.Sprintf("; gate %s %s: %s", g.Name, word, g.Message)
		}
	}
	return text
}

// refusedThere says what became of a candidate that could have been the next.
func (v promotionView) refusedThere(candidate, environment string, typed commands) advice {
	place := v.place(candidate, environment)
	if place == nil {
		return advice{Text: candidate + " could be next; the controller has not asked its gates yet"}
	}
	message := ""
	if place.Message != "" {
		message = ": " + place.Message
	}
	again := typed("promote", v.Promotion.Name, "--to", environment, "--candidate", candidate)
	switch place.State {
	case v1alpha1.Rejected:
		return advice{candidate + " is rejected" + message, v.unreject(place)}
	case v1alpha1.Failed:
		return advice{candidate + " failed here" + message + "; it is not tried again unless asked for", again}
	case v1alpha1.RolledBack:
		return advice{candidate + " was here and was rolled back" + message + "; it is not tried again unless asked for", again}
	case v1alpha1.Replaced:
		return advice{candidate + " was here before", again}
	}
	return advice{Text: fmt.Sprintf("%s is %s here%s", candidate, place.State, message)}
}

// unreject is what takes a rejection back.
func (v promotionView) unreject(place *v1alpha1.CandidateEnvironment) string {
	for _, a := range place.Approvals {
		if a.Decision == v1alpha1.ToReject {
			return fmt.Sprintf("kubectl delete approvals.tiphys.dev %s -n %s", a.Approval, v.Promotion.Namespace)
		}
	}
	return ""
}

package soak

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/tiphys-dev/tiphys/test/chart"
)

// A state is what the policy of the namespace churning says.
type state struct {
	deny  bool   // workflows without a deadline
	label string // that is written; "" for none
}

// churn is the sequence of those states. An answer between two moments must be
// one by a state from the oldest that some replica may have gone by at the first
// to the newest that it may go by at the second.
type churn struct {
	mu     sync.Mutex
	states []state
	oldest int
}

func (c *churn) change(to state) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.states = append(c.states, to)
}

// settle notes that all replicas go by the newest state.
func (c *churn) settle() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.oldest = len(c.states) - 1
}

func (c *churn) from() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.oldest
}

// until are the states from one on.
func (c *churn) until(from int) []state {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]state(nil), c.states[from:]...)
}

// churned asks for what the policy that changes all the time decides.
func (w *worker) churned() {
	k := kinds[0]
	o := w.object(k, churning, endless)
	from, denied := w.churn.from(), false
	w.ask(question{what: "create a Workflow where the policy changes", do: func(ctx context.Context) (*unstructured.Unstructured, error) {
		u, err := w.client.Resource(argo(k.plural)).Namespace(churning).Create(ctx, o, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		if err != nil && isDenial(err) && strings.Contains(err.Error(), "[deadline-missing") {
			denied, err, u = true, nil, o
		}
		return u, err
	}, check: func(u *unstructured.Unstructured) error {
		label, unmutated := u.GetLabels()["churn"], false
		states := w.churn.until(from)
		for _, s := range states {
			if s.deny == denied && (denied || s.label == label) {
				return nil
			}
			unmutated = unmutated || !denied && !s.deny && label == ""
		}
		// Both webhooks are asked: the one may go by one state, the other by the next.
		if len(states) > 1 && !denied && mixed(states, label) {
			return nil
		}
		if unmutated {
			return errUnmutated
		}
		return fmt.Errorf("denied is %v and the label %q, where the policy said %+v", denied, label, states)
	}})
}

func mixed(states []state, label string) bool {
	lets, writes := false, false
	for _, s := range states {
		lets, writes = lets || !s.deny, writes || s.label == label
	}
	return lets && writes
}

// run changes the policy until the soak is over, and waits each time until all
// replicas go by it.
func (c *churn) run(s *soak) {
	policies := s.admin.Resource(own("workflowpolicies"))
	for i := 1; s.load.Err() == nil; i++ {
		label := fmt.Sprint("step-", i)
		for _, step := range []struct {
			spec string // "" deletes it
			is   state
		}{
			{"rules: {deadline-missing: deny}", state{deny: true}},
			{"rules: {deadline-mising: deny}", state{deny: true}}, // is refused
			{"rules: {deadline-missing: warn}, defaults: {metadata: {labels: {churn: " + label + "}}}", state{label: label}},
			{"rules: {deadline-missing: deny}, defaults: {metadata: {labels: {churn: " + label + "}}}", state{deny: true, label: label}},
			{"", state{}},
		} {
			if strings.Contains(step.spec, "mising") {
				s.insist(question{what: "break the policy that changes", denied: "did you mean", do: func(ctx context.Context) (*unstructured.Unstructured, error) {
					return s.write(ctx, step.spec)
				}})
				continue
			}
			c.change(step.is)
			s.insist(question{what: "change the policy", do: func(ctx context.Context) (*unstructured.Unstructured, error) {
				if step.spec != "" {
					return s.write(ctx, step.spec)
				}
				err := policies.Delete(ctx, churning, metav1.DeleteOptions{})
				if apierrors.IsNotFound(err) {
					err = nil // an answer before got lost
				}
				return nil, err
			}})
			s.settled(step.is)
			c.settle()
			s.wait(s.plan.pace * 4)
		}
	}
}

// write makes or changes the policy.
func (s *soak) write(ctx context.Context, spec string) (*unstructured.Unstructured, error) {
	policies := s.admin.Resource(own("workflowpolicies"))
	o := chart.Object(s, fmt.Sprintf("apiVersion: tiphys.dev/v1alpha1\nkind: WorkflowPolicy\nmetadata: {name: %[1]s}\nspec: {match: {namespaces: [%[1]s]}, %[2]s}", churning, spec))
	switch was, err := policies.Get(ctx, churning, metav1.GetOptions{}); {
	case apierrors.IsNotFound(err):
		return policies.Create(ctx, o, metav1.CreateOptions{})
	case err != nil:
		return nil, err
	default:
		o.SetResourceVersion(was.GetResourceVersion())
		u, err := policies.Update(ctx, o, metav1.UpdateOptions{})
		if apierrors.IsConflict(err) { // its status was written
			return s.write(ctx, spec)
		}
		return u, err
	}
}

// settled waits until all replicas go by a state, for half a minute without faults.
func (s *soak) settled(want state) {
	began, faulty := time.Now(), s.road.faulty()
	for s.load.Err() == nil {
		var missing error
		for _, c := range s.balancer.ready() {
			if got, err := c.goesBy(); err != nil || got != want {
				missing = fmt.Errorf("%s goes by %+v and not %+v: %v", c.name, got, want, err)
			}
		}
		if missing == nil {
			s.book.count(s.book.now(), func(p *phase) { p.policies++ })
			return
		}
		if time.Since(began)-(s.road.faulty()-faulty) > 30*time.Second {
			s.book.problem("a policy is not in force: %v", missing)
			s.book.count(s.book.now(), func(p *phase) { p.wrong++ })
			return
		}
		s.wait(20 * time.Millisecond)
	}
}

var reviewer = &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{
	TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}}

// goesBy asks a replica itself, as an API server would.
func (c *process) goesBy() (state, error) {
	var s state
	allowed, _, err := c.review("/validate")
	if err != nil {
		return s, err
	}
	s.deny = !allowed
	_, patch, err := c.review("/mutate")
	if _, rest, ok := strings.Cut(patch, `"step-`); ok {
		n, _, _ := strings.Cut(rest, `"`)
		s.label = "step-" + n
	}
	return s, err
}

// review has a replica judge a Workflow without a deadline.
func (c *process) review(path string) (allowed bool, patch string, err error) {
	object := `{"apiVersion":"argoproj.io/v1alpha1","kind":"Workflow","metadata":{"name":"probe","namespace":"` + churning + `"},"spec":{"entrypoint":"main","templates":[{"name":"main","container":{"image":"busybox:1.37.0","command":["sh"]}}]}}`
	text := `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"probe","kind":{"group":"argoproj.io","version":"v1alpha1","kind":"Workflow"},"resource":{"group":"argoproj.io","version":"v1alpha1","resource":"workflows"},"name":"probe","namespace":"` + churning + `","operation":"CREATE","dryRun":true,"userInfo":{"username":"soak"},"object":` + object + `}}`
	a, err := reviewer.Post("https://"+c.address+path, "application/json", bytes.NewReader([]byte(text)))
	if err != nil {
		return false, "", err
	}
	defer a.Body.Close()
	var review struct {
		Response struct {
			Allowed bool
			Patch   string
		}
	}
	if err := json.NewDecoder(a.Body).Decode(&review); err != nil {
		return false, "", fmt.Errorf("read the answer of %s, %s: %w", path, a.Status, err)
	}
	decoded, err := base64.StdEncoding.DecodeString(review.Response.Patch)
	return review.Response.Allowed, string(decoded), err
}

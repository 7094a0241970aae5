package page_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/packaging/bundle"
	"github.com/tiphys-dev/tiphys/packaging/environment"
	"github.com/tiphys-dev/tiphys/packaging/render"
	"github.com/tiphys-dev/tiphys/promotion/page"
)

// A shelf is a Source that a test fills.
type shelf struct {
	mu         sync.Mutex
	promotions []v1alpha1.Promotion
	candidates []v1alpha1.Candidate
	pack       *bundle.Package
	problem    error
	changes    map[chan struct{}]bool
	packages   int // how many were asked for
}

func (s *shelf) Promotions(_ context.Context, namespace string) ([]v1alpha1.Promotion, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return in(s.promotions, namespace, func(p *v1alpha1.Promotion) string { return p.Namespace }), s.problem
}

func (s *shelf) Candidates(_ context.Context, namespace string) ([]v1alpha1.Candidate, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return in(s.candidates, namespace, func(c *v1alpha1.Candidate) string { return c.Namespace }), s.problem
}

func in[T any](all []T, namespace string, of func(*T) string) (out []T) {
	for i := range all {
		if namespace == "" || of(&all[i]) == namespace {
			out = append(out, all[i])
		}
	}
	return out
}

func (s *shelf) Package(context.Context, *v1alpha1.Candidate) (*bundle.Package, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.packages++
	if s.pack == nil {
		return nil, errors.New("it is gone")
	}
	return s.pack, nil
}

func (s *shelf) Changed() (<-chan struct{}, func()) {
	c := make(chan struct{}, 1)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.changes == nil {
		s.changes = map[chan struct{}]bool{}
	}
	s.changes[c] = true
	return c, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.changes, c)
	}
}

// change changes something and tells of it.
func (s *shelf) change(do func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	do()
	for c := range s.changes {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

// users are tokens, and the namespaces that their users see; * is all.
var users = map[string][]string{"admin-token": {"*"}, "data-token": {"data"}, "none-token": nil}

func authenticate(_ context.Context, token string) (page.User, error) {
	if _, ok := users[token]; !ok {
		return page.User{}, page.ErrUnknown
	}
	return page.User{Name: strings.TrimSuffix(token, "-token")}, nil
}

func authorize(_ context.Context, u page.User, namespace string) (bool, error) {
	may := users[u.Name+"-token"]
	return slices.Contains(may, "*") || namespace != "" && slices.Contains(may, namespace), nil
}

func options(s *shelf) page.Options {
	return page.Options{Source: s, Authenticate: authenticate, Authorize: authorize, ArgoURL: "https://argo.example.com/", Done: nil}
}

// digest is the digest that begins with some digits.
func digest(begin string) string {
	return "sha256:" + (begin + strings.Repeat("0123456789abcdef", 4))[:64]
}

// A teller of fixtures counts back from now.
type ago struct{ now time.Time }

func (a ago) h(hours float64) metav1.Time {
	return metav1.NewTime(a.now.Add(-time.Duration(hours * float64(time.Hour))).Truncate(time.Second))
}

func (a ago) p(hours float64) *metav1.Time {
	t := a.h(hours)
	return &t
}

func promotion(namespace, name string, environments ...v1alpha1.Environment) v1alpha1.Promotion {
	return v1alpha1.Promotion{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, ResourceVersion: "1"},
		Spec: v1alpha1.PromotionSpec{
			Source: v1alpha1.Source{
				Git:      &v1alpha1.GitSource{URL: "https://reader:hunter2@git.example.com/" + namespace + "/workflows.git?token=hunter2", Ref: "main", Path: "charts/" + name},
				Interval: metav1.Duration{Duration: 5 * time.Minute},
			},
			Environments: environments,
		},
	}
}

func env(name, namespace string, gates ...v1alpha1.Gate) v1alpha1.Environment {
	return v1alpha1.Environment{Name: name, Namespace: namespace, ServiceAccount: "deployer", OnFailure: v1alpha1.Hold, Gates: gates}
}

var (
	lintGate     = v1alpha1.Gate{Lint: &v1alpha1.LintGate{}}
	smokeGate    = v1alpha1.Gate{Smoke: &v1alpha1.SmokeGate{Template: "smoke"}}
	soakGate     = v1alpha1.Gate{Soak: &v1alpha1.SoakGate{}}
	runsGate     = v1alpha1.Gate{Name: "nightly-runs", Runs: &v1alpha1.RunsGate{CronWorkflow: "nightly-etl", Count: 3}}
	approvalGate = v1alpha1.Gate{Approval: &v1alpha1.ApprovalGate{}}
	windowGate   = v1alpha1.Gate{Window: &v1alpha1.WindowGate{}}
)

func candidate(p *v1alpha1.Promotion, begin, version, author, subject string, latest metav1.Time, environments ...v1alpha1.CandidateEnvironment) v1alpha1.Candidate {
	micro := metav1.NewMicroTime(latest.Time)
	return v1alpha1.Candidate{
		ObjectMeta: metav1.ObjectMeta{Namespace: p.Namespace, Name: p.Name + "-" + digest(begin)[7:19], ResourceVersion: "1", CreationTimestamp: latest},
		Spec: v1alpha1.CandidateSpec{
			Promotion: p.Name, Digest: digest(begin), Chart: p.Name, Version: version, Parts: 1,
			Author: author + " <" + strings.ToLower(author) + "@example.com>", Subject: subject, Source: "https://git.example.com/" + p.Namespace,
		},
		Status: v1alpha1.CandidateStatus{Latest: &micro, Environments: environments},
	}
}

// at sets what the status of a promotion says of an environment.
func at(p *v1alpha1.Promotion, environment, begin string, state v1alpha1.State, next string) {
	s := v1alpha1.EnvironmentStatus{Name: environment, State: state}
	if begin != "" {
		s.Candidate, s.Digest = p.Name+"-"+digest(begin)[7:19], digest(begin)
	}
	if next != "" {
		s.Next = p.Name + "-" + digest(next)[7:19]
	}
	p.Status.Environments = append(p.Status.Environments, s)
}

func open(name, kind string, since metav1.Time, message string, evidence ...string) v1alpha1.GateStatus {
	return v1alpha1.GateStatus{Name: name, Kind: kind, Open: true, Reason: "Open", Message: message, Since: since, Evidence: evidence}
}

func shut(name, kind string, since metav1.Time, next *metav1.Time, message string, evidence ...string) v1alpha1.GateStatus {
	return v1alpha1.GateStatus{Name: name, Kind: kind, Reason: "Waits", Message: message, Since: since, Next: next, Evidence: evidence}
}

// morning is what a team of four finds on its board.
func morning(now time.Time) *shelf {
	a, s := ago{now}, &shelf{}
	nightly(s, a)
	billing(s, a)
	churn(s, a)
	ingest(s, a)
	return s
}

func nightly(s *shelf, a ago) {
	p := promotion("data", "nightly-etl",
		env("dev", "dev", lintGate, smokeGate), env("qa", "qa", lintGate, smokeGate, runsGate, soakGate), env("prod", "prod", lintGate, approvalGate, windowGate, soakGate))
	at(&p, "dev", "9f3c1e2", v1alpha1.Verifying, "")
	at(&p, "qa", "41b7d90", v1alpha1.Verified, "")
	at(&p, "prod", "c07a5b4", v1alpha1.Verified, "41b7d90")
	p.Status.Environments[2].BlockedBy = "approval"
	p.Status.BlockedBy, p.Status.Next = "prod/approval", a.h(-3.5).Format(time.RFC3339)
	p.Status.Source = &v1alpha1.SourceStatus{Revision: "7d1f0c2b9a6e4f1d8c3b5a7e9f2d4c6b8a0e1f3d"}
	p.Status.Environments[1].Drift = &v1alpha1.DriftStatus{Looked: a.h(.2), Count: 1, Objects: []string{"CronWorkflow/nightly-etl"}}

	var real []v1alpha1.RunRecord
	for i := range 9 {
		phase, began := "Succeeded", a.h(26-2.6*float64(i))
		if i == 3 {
			phase = "Failed"
		}
		r := v1alpha1.RunRecord{Name: fmt.Sprintf("nightly-etl-%d", 1772400000+i*9360), UID: fmt.Sprint(i), CronWorkflow: "nightly-etl", Phase: phase, Created: began}
		end := metav1.NewTime(began.Add(time.Duration(700+41*i) * time.Second))
		r.Finished = &end
		if phase == "Failed" {
			r.Message = "child 'nightly-etl-load' failed"
		}
		real = append(real, r)
	}
	real = append(real, v1alpha1.RunRecord{Name: "nightly-etl-1772484240", UID: "9", CronWorkflow: "nightly-etl", Phase: "Running", Created: a.h(.1)})
	smoke := v1alpha1.RunRecord{Name: "nightly-etl-41b7d90-smoke-1", UID: "s", Gate: "smoke", Attempt: 1, Template: "smoke", Phase: "Succeeded", Created: a.h(29), Finished: a.p(28.9)}
	s.candidates = append(s.candidates,
		candidate(&p, "9f3c1e2", "1.14.0", "Mira", "Read orders of three regions at once", a.h(.3), v1alpha1.CandidateEnvironment{
			Name: "dev", State: v1alpha1.Verifying, Since: a.h(.2), Deployment: &v1alpha1.Deployment{At: a.h(.2), Revision: 41, Release: "nightly-etl", Namespace: "dev", Replaced: p.Name + "-" + digest("41b7d90")[7:19]},
			Gates: []v1alpha1.GateStatus{open("lint", "lint", a.h(.25), "no findings of severity error", "0 errors, 2 warnings"),
				shut("smoke", "smoke", a.h(.2), nil, "run nightly-etl-9f3c1e2-smoke-1 is running, and may until 08:42", "attempt 1 of 2")},
			Runs: []v1alpha1.RunRecord{{Name: "nightly-etl-9f3c1e2-smoke-1", UID: "x", Gate: "smoke", Attempt: 1, Template: "smoke", Phase: "Running", Created: a.h(.15)}},
		}),
		candidate(&p, "41b7d90", "1.13.2", "Jonas", "Keep late orders for the next night", a.h(52),
			v1alpha1.CandidateEnvironment{Name: "dev", State: v1alpha1.Replaced, Since: a.h(.2)},
			v1alpha1.CandidateEnvironment{
				Name: "qa", State: v1alpha1.Verified, Since: a.h(4), HealthySince: a.p(28),
				Deployment: &v1alpha1.Deployment{At: a.h(30), Revision: 27, Release: "nightly-etl", Namespace: "qa", Replaced: p.Name + "-" + digest("c07a5b4")[7:19]},
				Gates: []v1alpha1.GateStatus{open("lint", "lint", a.h(30), "no findings of severity error", "0 errors, 2 warnings"),
					open("smoke", "smoke", a.h(28.9), "run nightly-etl-41b7d90-smoke-1 succeeded", "attempt 1 took 5 min 12 s"),
					open("nightly-runs", "runs", a.h(5), "5 runs of CronWorkflow nightly-etl in a row went well, and 3 are asked for", "nightly-etl-1772465520 Succeeded", "nightly-etl-1772474880 Succeeded"),
					open("soak", "soak", a.h(4), "well for 24h")},
				Runs: append([]v1alpha1.RunRecord{smoke}, real...),
				History: []v1alpha1.HistoryEntry{{At: a.h(30), Reason: "Deployed", Message: "revision 27 in place of c07a5b4"}, {At: a.h(28.9), Reason: "GateOpen", Message: "smoke: run nightly-etl-41b7d90-smoke-1 succeeded"},
					{At: a.h(4), Reason: "Verified", Message: "all gates of qa are open"}},
			},
			v1alpha1.CandidateEnvironment{
				Name: "prod", State: v1alpha1.Waiting, Since: a.h(4),
				Gates: []v1alpha1.GateStatus{open("lint", "lint", a.h(4), "no findings of severity error", "0 errors, 1 warning"),
					shut("approval", "approval", a.h(4), nil, "1 of 2 approvals; one more of group data-leads, and not of Jonas, would open it", "system:serviceaccount:data:ada approved 2 h ago"),
					shut("window", "window", a.h(4), a.p(-3.5), "opens at 12:00 Europe/Berlin")},
				Approvals: []v1alpha1.ApprovalRecord{{Approval: "x", User: "system:serviceaccount:data:ada", Decision: v1alpha1.ToApprove, At: a.h(2), Reason: "numbers of the weekend look right"}},
			}),
		candidate(&p, "c07a5b4", "1.13.1", "Mira", "Retry the upload", a.h(240),
			v1alpha1.CandidateEnvironment{Name: "dev", State: v1alpha1.Replaced, Since: a.h(52)}, v1alpha1.CandidateEnvironment{Name: "qa", State: v1alpha1.Replaced, Since: a.h(30)},
			v1alpha1.CandidateEnvironment{
				Name: "prod", State: v1alpha1.Verified, Since: a.h(190), HealthySince: a.p(210),
				Deployment: &v1alpha1.Deployment{At: a.h(214), Revision: 19, Release: "nightly-etl", Namespace: "prod"},
				Gates:      []v1alpha1.GateStatus{open("soak", "soak", a.h(190), "well for 24h")},
				Approvals:  []v1alpha1.ApprovalRecord{{Approval: "y", User: "leo@example.com", Decision: v1alpha1.ToApprove, At: a.h(215)}},
			}))
	s.promotions = append(s.promotions, p)
}

func billing(s *shelf, a ago) {
	p := promotion("finance", "month-end", env("dev", "fin-dev", smokeGate), env("prod", "fin-prod", lintGate, windowGate, soakGate))
	p.Spec.Environments[1].Freeze = &v1alpha1.Freeze{Reason: "year-end audit, ask Ida"}
	at(&p, "dev", "b81", v1alpha1.Verified, "")
	at(&p, "prod", "a55", v1alpha1.Verified, "b81")
	p.Status.BlockedBy = "prod/freeze"
	s.candidates = append(s.candidates,
		candidate(&p, "b81", "0.9.0", "Ida", "Sum by cost centre", a.h(20), v1alpha1.CandidateEnvironment{Name: "dev", State: v1alpha1.Verified, Since: a.h(18), Gates: []v1alpha1.GateStatus{open("smoke", "smoke", a.h(18), "went well")}}),
		candidate(&p, "a55", "0.8.3", "Ida", "Round half to even", a.h(900), v1alpha1.CandidateEnvironment{Name: "prod", State: v1alpha1.Verified, Since: a.h(860), Gates: []v1alpha1.GateStatus{open("soak", "soak", a.h(860), "well for 72h")}}))
	s.promotions = append(s.promotions, p)
}

func churn(s *shelf, a ago) {
	p := promotion("ml", "churn-model", env("dev", "ml-dev", smokeGate), env("qa", "ml-qa", smokeGate, soakGate), env("prod", "ml-prod", approvalGate))
	p.Spec.Environments[1].OnFailure = v1alpha1.Rollback
	p.Spec.Environments[2].Pin = &v1alpha1.Pin{Candidate: p.Name + "-" + digest("d02")[7:19], Reason: "features of May are late", At: a.h(70)}
	at(&p, "dev", "e7e", v1alpha1.Verified, "")
	at(&p, "qa", "e7e", v1alpha1.Failed, "")
	at(&p, "prod", "d02", v1alpha1.Verified, "")
	p.Status.BlockedBy = "qa/smoke"
	p.Status.Conditions = []metav1.Condition{{Type: "Stalled", Status: metav1.ConditionTrue, Reason: "Failed", Message: "e7e0123 failed in qa: smoke run churn-model-e7e-smoke-2 failed after 2 attempts; a newer candidate goes on, or a pin"}}
	s.candidates = append(s.candidates,
		candidate(&p, "e7e", "3.1.0", "Tariq", "Train on 24 months", a.h(9), v1alpha1.CandidateEnvironment{Name: "dev", State: v1alpha1.Verified, Since: a.h(8), Gates: []v1alpha1.GateStatus{open("smoke", "smoke", a.h(8), "went well")}},
			v1alpha1.CandidateEnvironment{Name: "qa", State: v1alpha1.Failed, Since: a.h(7), Message: "smoke run failed twice", Gates: []v1alpha1.GateStatus{{Name: "smoke", Kind: "smoke", Failed: true, Reason: "Failed", Message: "run churn-model-e7e-smoke-2 failed: OOMKilled (exit code 137)", Since: a.h(7)}}}),
		candidate(&p, "d02", "3.0.4", "Tariq", "Drop two leaky features", a.h(400), v1alpha1.CandidateEnvironment{Name: "prod", State: v1alpha1.Verified, Since: a.h(350)}))
	s.promotions = append(s.promotions, p)
}

func ingest(s *shelf, a ago) {
	p := promotion("data", "ingest", env("dev", "dev", smokeGate), env("qa", "qa", soakGate), env("prod", "prod", lintGate, windowGate))
	for _, e := range []string{"dev", "qa", "prod"} {
		at(&p, e, "517", v1alpha1.Verified, "")
	}
	done := func(name string, hours float64, gates ...v1alpha1.GateStatus) v1alpha1.CandidateEnvironment {
		return v1alpha1.CandidateEnvironment{Name: name, State: v1alpha1.Verified, Since: a.h(hours), Gates: gates}
	}
	s.candidates = append(s.candidates, candidate(&p, "517", "2.6.1", "Jonas", "Follow redirects of the partner", a.h(96), done("dev", 95, open("smoke", "smoke", a.h(95), "went well")),
		done("qa", 70, open("soak", "soak", a.h(70), "well for 24h")), done("prod", 44, open("lint", "lint", a.h(68), "no findings"), open("window", "window", a.h(68), "open until 16:00"))))
	quiet := promotion("data", "archive", env("dev", "dev", smokeGate), env("prod", "prod", approvalGate))
	quiet.Spec.Suspend = true
	s.promotions = append(s.promotions, p, quiet)
}

// etl is a package of a small chart.
func etl(t testing.TB) *bundle.Package { return pack(t, "testdata/etl/charts/nightly-etl") }

// night is a package with a workflow of some tasks.
func night(t testing.TB) *bundle.Package {
	t.Helper()
	flow, err := os.ReadFile("../../lint/graph/testdata/nightly.yaml")
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	for name, text := range map[string]string{
		"charts/nightly-etl/Chart.yaml":             "apiVersion: v2\nname: nightly-etl\nversion: 1.13.2\n",
		"charts/nightly-etl/values.yaml":            "{}\n",
		"charts/nightly-etl/templates/nightly.yaml": "{{ .Files.Get \"files/nightly.yaml\" }}\n",
		"charts/nightly-etl/files/nightly.yaml":     strings.ReplaceAll(string(flow), "name: nightly\n", "name: nightly-etl\n"),
		"environments/qa/environment.yaml":          "namespace: qa\n",
	} {
		at := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return pack(t, filepath.Join(root, "charts", "nightly-etl"))
}

func pack(t testing.TB, dir string) *bundle.Package {
	t.Helper()
	chart, err := render.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	set, err := environment.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	p, findings, err := bundle.New(set, chart)
	if err != nil || len(findings) > 0 {
		t.Fatal(err, findings)
	}
	return p
}

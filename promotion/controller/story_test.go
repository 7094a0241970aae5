package controller_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/promotion/controller"
	"github.com/tiphys-dev/tiphys/test/cluster"
)

// edit changes the spec of the promotion.
func (b *bench) edit(change func(*v1alpha1.Promotion)) {
	b.Helper()
	cluster.Until(b, func() error {
		p := b.get()
		change(p)
		return b.Update(b.Context(), p)
	})
}

// waits waits until the promotion is blocked by a gate.
func (b *bench) waits(gate string) *v1alpha1.Promotion {
	b.Helper()
	var p *v1alpha1.Promotion
	cluster.Until(b, func() error {
		if p = b.get(); p.Status.BlockedBy != gate {
			return fmt.Errorf("it is blocked by %q and not by %q: %s%s", p.Status.BlockedBy, gate, p.Status.Summary, conditions(p.Status.Conditions))
		}
		return nil
	})
	return p
}

func (b *bench) decides(env string, d v1alpha1.Decision) *v1alpha1.Approval {
	b.Helper()
	i := slices.IndexFunc(b.get().Status.Environments, func(e v1alpha1.EnvironmentStatus) bool { return e.Name == env })
	a := &v1alpha1.Approval{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "etl-", Namespace: b.namespace},
		Spec: v1alpha1.ApprovalSpec{Promotion: "etl", Candidate: b.get().Status.Environments[i].Next, Environment: env, Decision: d, Reason: "as seen",
			By: v1alpha1.Approver{User: "bob"}},
	}
	b.create(a)
	return a
}

func people(b *bench) {
	b.promotion("  - {name: dev}\n  - {name: qa, freeze: {reason: audit}, gates: [{approval: {count: 1}}]}\n")
	b.run(controller.Options{})
	b.summary("dev 1 Verified, qa -")
	p := b.waits("qa/freeze")
	if !meta.IsStatusConditionTrue(p.Status.Conditions, "Ready") || !meta.IsStatusConditionFalse(p.Status.Conditions, "qa/approval") {
		b.Errorf("the conditions are %s", conditions(p.Status.Conditions))
	}
	b.edit(func(p *v1alpha1.Promotion) { p.Spec.Environments[1].Freeze = nil })
	b.waits("qa/approval")
	rejection := b.decides("qa", v1alpha1.ToReject)
	cluster.Until(b, func() error {
		if s := b.candidate("1").Status; s.State != v1alpha1.Rejected {
			return fmt.Errorf("it is %s", s.State)
		}
		return nil
	})
	b.decides("qa", v1alpha1.ToApprove)
	b.summary("dev 1 Verified, qa -")
	if err := b.Delete(b.Context(), rejection); err != nil {
		b.Fatal(err)
	}
	b.summary("dev 1 Verified, qa 1 Verified")
	e := b.candidate("1").Status.Environments[1]
	if len(e.Approvals) != 1 || e.Approvals[0].User != "bob" || e.Approvals[0].Reason != "as seen" {
		b.Errorf("who approved is recorded as %+v", e.Approvals)
	}
}

// candidate is the one whose chart has a value, by the order of pushes.
func (b *bench) candidate(n string) *v1alpha1.Candidate {
	b.Helper()
	var all v1alpha1.CandidateList
	if err := b.List(b.Context(), &all, client.InNamespace(b.namespace)); err != nil {
		b.Fatal(err)
	}
	all.Items = slices.DeleteFunc(all.Items, func(c v1alpha1.Candidate) bool { return c.Status.Latest == nil })
	slices.SortFunc(all.Items, func(x, y v1alpha1.Candidate) int { return x.Status.Latest.Compare(y.Status.Latest.Time) })
	i := int(n[0] - '1')
	if i >= len(all.Items) {
		return &v1alpha1.Candidate{} // not yet
	}
	return &all.Items[i]
}

func failedDeployment(b *bench) {
	b.promotion("  - {name: dev, onFailure: rollback}\n  - {name: qa}\n")
	b.run(controller.Options{})
	b.summary("dev 1 Verified, qa 1 Verified")
	// The API server takes no such value of a label.
	broken := "apiVersion: v1\nkind: Secret\nmetadata:\n  name: broken\ntype: kubernetes.io/tls\nstringData: {a: b}\n"
	b.push("break it", map[string]string{"etl/values.yaml": "a: 2\n", "etl/templates/broken.yaml": broken})
	b.ask()
	cluster.Until(b, func() error {
		if s := b.candidate("2").Status; s.State != v1alpha1.RolledBack {
			return fmt.Errorf("it is %s: %s", s.State, conditions(s.Conditions))
		}
		return nil
	})
	p := b.summary("dev 1 Verified, qa 1 Verified")
	if c := meta.FindStatusCondition(p.Status.Conditions, "Stalled"); c.Status != metav1.ConditionTrue || !strings.Contains(c.Message, "failed in dev") {
		b.Errorf("the condition is %+v", c)
	}
	revisions := b.revisions("dev")
	b.ask()
	b.push("mend it", map[string]string{"etl/values.yaml": "a: 3\n", "etl/templates/broken.yaml": "# {{ .Values.a }}\n"})
	b.ask()
	b.summary("dev 3 Verified, qa 3 Verified")
	if n := b.revisions("dev"); n != revisions+1 {
		b.Errorf("dev has %d revisions, and had %d after the failure", n, revisions)
	}
}

func soaks(b *bench) {
	b.promotion("  - {name: dev, gates: [{soak: {for: 1h}}]}\n  - {name: qa}\n")
	b.run(controller.Options{})
	b.summary("dev 1 Verifying, qa -")
	p := b.waits("dev/soak")
	cluster.Until(b, func() error {
		if p = b.get(); p.Status.Next == "" {
			return fmt.Errorf("next is not set: %s", conditions(p.Status.Conditions))
		}
		return nil
	})
	end, err := time.Parse(time.RFC3339, p.Status.Next)
	if err != nil {
		b.Fatalf("next is %q: %v", p.Status.Next, err)
	}
	b.clock.SetTime(end.Add(-time.Second))
	b.Sleepless(func() error {
		if s := b.get().Status.Environments[0].State; s != v1alpha1.Verifying {
			return fmt.Errorf("it is %s a second before", s)
		}
		return nil
	})
	b.clock.SetTime(end)
	b.summary("dev 1 Verified, qa 1 Verified")
}

// Sleepless holds that something stays so while another promotion is carried out,
// which shows that the controller had its turn.
func (b *bench) Sleepless(f func() error) {
	b.Helper()
	name := &core.ConfigMap{ObjectMeta: metav1.ObjectMeta{GenerateName: "turn-", Namespace: b.namespace}}
	b.create(name)
	if err := f(); err != nil {
		b.Fatal(err)
	}
}

func two(b *bench) {
	b.promotion("  - {name: dev}\n  - {name: qa}\n")
	b.run(controller.Options{})
	b.run(controller.Options{})
	for i := 1; i <= 4; i++ {
		if i > 1 {
			b.value(fmt.Sprint(i))
			b.ask()
		}
		b.summary(fmt.Sprintf("dev %d Verified, qa %d Verified", i, i))
	}
	if dev, qa := b.revisions("dev"), b.revisions("qa"); dev != 4 || qa != 4 {
		for i := range 4 {
			b.Logf("%s: %+v", b.candidate(fmt.Sprint(i+1)).Name, b.candidate(fmt.Sprint(i+1)).Status.Environments)
		}
		b.Errorf("dev has %d revisions and qa %d, of 4 packages", dev, qa)
	}
}

func sourceGone(b *bench) {
	b.promotion("  - {name: dev}\n")
	b.run(controller.Options{})
	b.summary("dev 1 Verified")
	if err := os.Rename(b.tree, b.tree+"-gone"); err != nil {
		b.Fatal(err)
	}
	b.ask()
	cluster.Until(b, func() error {
		c := meta.FindStatusCondition(b.get().Status.Conditions, "Ready")
		if c == nil || c.Status != metav1.ConditionFalse || c.Reason != "SourceUnreachable" && c.Reason != "PackageRejected" {
			return fmt.Errorf("the condition is %+v", c)
		}
		if p := b.get(); p.Status.BlockedBy != "source/"+c.Reason {
			return fmt.Errorf("it is blocked by %q", p.Status.BlockedBy)
		}
		return nil
	})
	b.summary("dev 1 Verified")
	if err := os.Rename(b.tree+"-gone", b.tree); err != nil {
		b.Fatal(err)
	}
	b.value("2")
	b.ask()
	p := b.summary("dev 2 Verified")
	cluster.Until(b, func() error {
		if p = b.get(); !meta.IsStatusConditionTrue(p.Status.Conditions, "Ready") {
			return fmt.Errorf("it is not ready: %s", conditions(p.Status.Conditions))
		}
		return nil
	})
}

func pinned(b *bench) {
	b.promotion("  - {name: dev}\n  - {name: qa, gates: [{approval: {count: 1}}]}\n")
	b.run(controller.Options{})
	for _, v := range []string{"1", "2"} {
		if v != "1" {
			b.value(v)
			b.ask()
		}
		cluster.Until(b, func() error {
			if got := b.live("dev"); got != v {
				return fmt.Errorf("dev runs %s", got)
			}
			return nil
		})
		b.waits("qa/approval")
		b.decides("qa", v1alpha1.ToApprove)
		b.summary(fmt.Sprintf("dev %s Verified, qa %s Verified", v, v))
	}
	first := b.candidate("1").Name
	b.edit(func(p *v1alpha1.Promotion) {
		p.Spec.Environments[1].Freeze = &v1alpha1.Freeze{Reason: "incident"}
		p.Spec.Environments[1].Pin = &v1alpha1.Pin{Candidate: first, Reason: "2 is slow", At: metav1.NewTime(b.clock.Now())}
	})
	b.summary("dev 2 Verified, qa 1 Verified")
	b.value("3")
	b.ask()
	b.summary("dev 3 Verified, qa 1 Verified")
	b.waits("qa/freeze")
	b.edit(func(p *v1alpha1.Promotion) { p.Spec.Environments[1].Freeze = nil })
	b.waits("qa/pin")
}

func told(b *bench) {
	var mu sync.Mutex
	var texts []string
	fail := true
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if fail {
			fail = false
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		var m struct{ Text string }
		_ = json.NewDecoder(r.Body).Decode(&m)
		texts = append(texts, m.Text)
	}))
	b.Cleanup(s.Close)
	b.create(&core.Secret{ObjectMeta: metav1.ObjectMeta{Name: "slack", Namespace: b.namespace}, StringData: map[string]string{"url": s.URL + "/services/secret"}})
	b.promotion("  - {name: dev}\n  historyLimit: 1\n  notify: [{secret: {name: slack}, events: [promoted]}]\n")
	stop := b.run(controller.Options{})
	for i := 1; i <= 4; i++ {
		if i > 1 {
			b.value(fmt.Sprint(i))
			b.ask()
		}
		b.summary(fmt.Sprintf("dev %d Verified", i))
		cluster.Until(b, func() error {
			mu.Lock()
			defer mu.Unlock()
			if len(texts) < i {
				return fmt.Errorf("told is %q", texts)
			}
			return nil
		})
	}
	cluster.Until(b, func() error {
		var all v1alpha1.CandidateList
		if err := b.List(b.Context(), &all, client.InNamespace(b.namespace)); err != nil {
			return err
		}
		// The one that is there, the one to go back to, and one for the record.
		if len(all.Items) != 3 {
			return fmt.Errorf("%d candidates are kept", len(all.Items))
		}
		return nil
	})
	stop()
	b.run(controller.Options{})
	b.value("5")
	b.ask()
	b.summary("dev 5 Verified")
	cluster.Until(b, func() error {
		mu.Lock()
		defer mu.Unlock()
		if len(texts) < 5 {
			return fmt.Errorf("told is %q", texts)
		}
		return nil
	})
	mu.Lock()
	defer mu.Unlock()
	if len(texts) != 5 || !strings.Contains(texts[4], "is verified in dev") {
		b.Errorf("told is %q", texts)
	}
}

func hooked(b *bench) {
	b.create(&core.Secret{ObjectMeta: metav1.ObjectMeta{Name: "hook", Namespace: b.namespace}, StringData: map[string]string{"token": "t0ken"}})
	b.promotion("  - {name: dev}\n")
	b.edit(func(p *v1alpha1.Promotion) { p.Spec.Source.Hook = &core.LocalObjectReference{Name: "hook"} })
	c := b.runAs(controller.Options{})
	b.summary("dev 1 Verified")
	b.value("2")
	s := httptest.NewServer(c.Hook())
	b.Cleanup(s.Close)
	post := func(path, token string) (int, string) {
		r, err := http.NewRequestWithContext(b.Context(), http.MethodPost, s.URL+path, strings.NewReader("{}"))
		if err != nil {
			b.Fatal(err)
		}
		r.Header.Set("X-Gitlab-Token", token)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			b.Fatal(err)
		}
		defer answer.Body.Close()
		text, _ := io.ReadAll(answer.Body)
		return answer.StatusCode, string(text)
	}
	status, wrong := post("/hook/"+b.namespace+"/etl", "other")
	nowhere, none := post("/hook/"+b.namespace+"/nothing", "t0ken")
	if status != http.StatusUnauthorized || nowhere != status || wrong != none {
		b.Errorf("it answers %d %q to one that is there, and %d %q to one that is not", status, wrong, nowhere, none)
	}
	if status, text := post("/hook/"+b.namespace+"/etl", "t0ken"); status != http.StatusAccepted {
		b.Fatalf("it answers %d %s", status, text)
	}
	b.summary("dev 2 Verified")
}

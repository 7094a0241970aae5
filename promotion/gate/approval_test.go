package gate_test

import (
	"fmt"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/promotion/gate"
)

// decides is an Approval for what these tests ask of.
func decides(user string, made int, more ...func(*v1alpha1.Approval)) v1alpha1.Approval {
	a := v1alpha1.Approval{
		ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("%s-%d", user, made), CreationTimestamp: *at(minute(made))},
		Spec: v1alpha1.ApprovalSpec{Promotion: "etl", Candidate: "etl-1", Environment: "prod", Decision: v1alpha1.ToApprove,
			By: v1alpha1.Approver{User: user, Groups: []string{"staff", "sre"}}},
	}
	for _, f := range more {
		f(&a)
	}
	return a
}

func rejects(a *v1alpha1.Approval) {
	a.Spec.Decision, a.Spec.Reason = v1alpha1.ToReject, "the load is wrong\nby far"
}

func until(n int) func(*v1alpha1.Approval) {
	return func(a *v1alpha1.Approval) { a.Spec.Expires = at(minute(n)) }
}

func inGroup(names ...string) func(*v1alpha1.Approval) {
	return func(a *v1alpha1.Approval) { a.Spec.By.Groups = names }
}

func TestApproval(t *testing.T) {
	all := func(a ...v1alpha1.Approval) []v1alpha1.Approval { return a }
	two := v1alpha1.ApprovalGate{Count: 2, Groups: []string{"sre", "leads"}, NotAuthor: true}
	ann := "Ann Lee <Ann.Lee@example.com>"
	for sentence, c := range map[string]struct {
		gate   v1alpha1.ApprovalGate
		author string
		given  []v1alpha1.Approval
		want   want
	}{
		"nobody yet":                       {two, ann, nil, want{reason: "ApprovalMissing", says: []string{"0 of 2 approvals", "2 more from sre or leads, not by Ann Lee <Ann.Lee@example.com>", "tiphys approve etl prod"}}},
		"one of two":                       {two, ann, all(decides("bob", 1)), want{reason: "ApprovalMissing", says: []string{"1 of 2 approvals, by bob", "1 more"}, evidence: []string{"bob-1: approve by bob at 2026-03-02T12:01:00Z"}}},
		"two of two":                       {two, ann, all(decides("bob", 1), decides("eve", 2)), want{open: true, reason: "Approved", says: []string{"bob, eve"}}},
		"one twice":                        {two, ann, all(decides("bob", 1), decides("bob", 2)), want{reason: "ApprovalMissing", says: []string{"1 of 2"}}},
		"count is one unless given":        {v1alpha1.ApprovalGate{}, "", all(decides("bob", 1)), want{open: true, reason: "Approved"}},
		"one in no group":                  {two, ann, all(decides("bob", 1), decides("eve", 2, inGroup("staff"))), want{reason: "ApprovalMissing", says: []string{"1 of 2"}, evidence: []string{"in none of sre, leads"}}},
		"the author by email":              {two, ann, all(decides("bob", 1), decides("ANN.LEE@example.com", 2)), want{reason: "ApprovalMissing", evidence: []string{"the author may not approve"}}},
		"the author by name":               {two, ann, all(decides("bob", 1), decides("ann lee", 2)), want{reason: "ApprovalMissing"}},
		"the author before the @":          {two, ann, all(decides("bob", 1), decides("ann.lee", 2)), want{reason: "ApprovalMissing"}},
		"the author after a prefix":        {two, ann, all(decides("bob", 1), decides("oidc:ann.lee@example.com", 2)), want{reason: "ApprovalMissing"}},
		"somebody like the author":         {two, ann, all(decides("bob", 1), decides("ann.leeds", 2)), want{open: true, reason: "Approved"}},
		"the author may":                   {v1alpha1.ApprovalGate{}, ann, all(decides("ann lee", 2)), want{open: true, reason: "Approved"}},
		"nobody knows the author":          {two, "", all(decides("bob", 1), decides("eve", 2)), want{reason: "AuthorUnknown"}},
		"an author without a name":         {two, " <>", all(decides("bob", 1), decides("eve", 2)), want{reason: "AuthorUnknown"}},
		"one rejects":                      {two, ann, all(decides("bob", 1), decides("eve", 2), decides("kim", 3, rejects)), want{reason: "Rejected", says: []string{"kim rejects it: the load is wrong;", "Approval kim-3 is deleted"}}},
		"the author rejects":               {two, ann, all(decides("bob", 1), decides("eve", 2), decides("ann lee", 3, rejects)), want{reason: "Rejected"}},
		"one in no group rejects":          {two, ann, all(decides("bob", 1), decides("eve", 2), decides("kim", 3, rejects, inGroup())), want{open: true, reason: "Approved"}},
		"one changes his mind":             {two, ann, all(decides("bob", 1), decides("eve", 3), decides("eve", 2, rejects)), want{open: true, reason: "Approved"}},
		"and back":                         {two, ann, all(decides("bob", 1), decides("eve", 3), decides("eve", 4, rejects)), want{reason: "Rejected"}},
		"both in one second":               {two, ann, all(decides("bob", 1), decides("eve", 3), decides("eve", 3, rejects)), want{reason: "Rejected"}},
		"one has expired":                  {two, ann, all(decides("bob", 1), decides("eve", 2, until(10))), want{reason: "ApprovalMissing"}},
		"one expires":                      {two, ann, all(decides("bob", 1, until(12)), decides("eve", 2, until(11))), want{open: true, reason: "Approved", again: minute(11)}},
		"one expires that nobody needs":    {v1alpha1.ApprovalGate{}, ann, all(decides("bob", 1, inGroup(), func(a *v1alpha1.Approval) { a.Spec.Environment = "qa" }, until(12))), want{reason: "ApprovalMissing"}},
		"a rejection expires":              {two, ann, all(decides("bob", 1), decides("eve", 2), decides("kim", 3, rejects, until(30))), want{reason: "Rejected", again: minute(30)}},
		"an expired one uncovers another":  {two, ann, all(decides("bob", 1), decides("eve", 2), decides("eve", 3, rejects, until(10))), want{open: true, reason: "Approved"}},
		"for another candidate":            {two, ann, all(decides("bob", 1), decides("eve", 2, func(a *v1alpha1.Approval) { a.Spec.Candidate = "etl-2" })), want{reason: "ApprovalMissing"}},
		"for another promotion":            {two, ann, all(decides("bob", 1), decides("eve", 2, func(a *v1alpha1.Approval) { a.Spec.Promotion = "ml" })), want{reason: "ApprovalMissing"}},
		"by nobody":                        {two, ann, all(decides("bob", 1), decides("", 2)), want{reason: "ApprovalMissing"}},
		"a group without a name is nobody": {v1alpha1.ApprovalGate{Groups: []string{""}}, ann, all(decides("bob", 1, inGroup(""))), want{reason: "ApprovalMissing"}},
	} {
		t.Run(sentence, func(t *testing.T) {
			s := gate.State{Now: minute(10), Promotion: "etl", Candidate: "etl-1", Environment: "prod", Author: c.author, Approvals: c.given}
			check(t, gate.Ask(v1alpha1.Gate{Approval: &c.gate}, s), c.want)
		})
	}
}

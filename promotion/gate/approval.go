package gate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
)

// approval holds until Count people approve. Of each user the latest decision
// counts that has not expired; of two in one second, the one that rejects. A
// decision counts if its user is in one of Groups, if there are any. An approval
// counts, with NotAuthor, if its user is not who made the candidate either: see
// isAuthor. One user who rejects holds whatever others say, until it expires, is
// deleted, or that user approves.
//
// Again is the first expiry that changes the answer.
func approval(g *v1alpha1.ApprovalGate, s State) Answer {
	all := decisions(s)
	a := judge(g, s, all)
	var expiries []time.Time
	for _, d := range all {
		if e := d.Spec.Expires; e != nil && e.After(s.Now) {
			expiries = append(expiries, e.Time)
		}
	}
	slices.SortFunc(expiries, time.Time.Compare)
	for _, e := range slices.CompactFunc(expiries, time.Time.Equal) {
		s.Now = e
		if !same(a, judge(g, s, all)) {
			a.Again = e
			break
		}
	}
	return a
}

// same reports whether two answers say the same.
func same(a, b Answer) bool {
	return a.Open == b.Open && a.Reason == b.Reason && a.Message == b.Message && slices.Equal(a.Evidence, b.Evidence)
}

// decisions are those of this candidate and environment by somebody, the oldest
// first.
func decisions(s State) []v1alpha1.Approval {
	var all []v1alpha1.Approval
	for _, d := range s.Approvals {
		if d.Spec.Promotion == s.Promotion && d.Spec.Candidate == s.Candidate && d.Spec.Environment == s.Environment && d.Spec.By.User != "" {
			all = append(all, d)
		}
	}
	slices.SortStableFunc(all, func(a, b v1alpha1.Approval) int {
		return cmp.Or(
			a.CreationTimestamp.Time.Compare(b.CreationTimestamp.Time),
			cmp.Compare(one(a.Spec.Decision != v1alpha1.ToApprove), one(b.Spec.Decision != v1alpha1.ToApprove)),
			cmp.Compare(a.Name, b.Name))
	})
	return all
}

// judge answers as of s.Now, without Again.
func judge(g *v1alpha1.ApprovalGate, s State, all []v1alpha1.Approval) Answer {
	var approved, evidence []string
	var rejected *v1alpha1.Approval
	for _, d := range standing(all, s.Now) {
		user := d.Spec.By.User
		line := fmt.Sprintf("%s: %s by %s at %s", d.Name, d.Spec.Decision, user, stamp(d.CreationTimestamp.Time))
		if d.Spec.Expires != nil {
			line += ", until " + stamp(d.Spec.Expires.Time)
		}
		if d.Spec.Reason != "" {
			line += ": " + first(d.Spec.Reason)
		}
		switch why := Discounts(g, s.Author, d); {
		case why != "":
			line += "; it does not count, as " + why
		case d.Spec.Decision != v1alpha1.ToApprove:
			if rejected == nil {
				rejected = &d
			}
		default:
			approved = append(approved, user)
		}
		evidence = append(evidence, line)
	}
	a := verdict(g, s, approved, rejected)
	a.Evidence = evidence
	return a
}

// Discounts says why a decision on a candidate of this author counts for nothing
// at a gate, "" if it counts.
func Discounts(g *v1alpha1.ApprovalGate, author string, d v1alpha1.Approval) string {
	switch {
	case !inGroups(g, d):
		return "the user is in none of " + strings.Join(g.Groups, ", ")
	case d.Spec.Decision == v1alpha1.ToApprove && g.NotAuthor && isAuthor(d.Spec.By.User, author):
		return "the author may not approve"
	}
	return ""
}

// Standing are the decisions on a candidate and environment that count: of each
// user the latest one that has not expired, the oldest first.
func Standing(s State) []v1alpha1.Approval { return standing(decisions(s), s.Now) }

func standing(all []v1alpha1.Approval, now time.Time) (count []v1alpha1.Approval) {
	latest := map[string]int{}
	for i, d := range all {
		if d.Spec.Expires == nil || d.Spec.Expires.After(now) {
			latest[d.Spec.By.User] = i
		}
	}
	for i, d := range all {
		if at, ok := latest[d.Spec.By.User]; ok && at == i {
			count = append(count, d)
		}
	}
	return count
}

// verdict puts into words who approved, and who rejected.
func verdict(g *v1alpha1.ApprovalGate, s State, approved []string, rejected *v1alpha1.Approval) Answer {
	if rejected != nil {
		why := ""
		if rejected.Spec.Reason != "" {
			why = ": " + first(rejected.Spec.Reason)
		}
		return hold("Rejected", fmt.Sprintf("%s rejects it%s; it opens no more unless that user approves, or Approval %s is deleted", rejected.Spec.By.User, why, rejected.Name))
	}
	if g.NotAuthor && author(s.Author) == nil {
		return hold("AuthorUnknown", "nobody knows who made the candidate, and its author may not approve; it opens for a candidate whose author is known, or without notAuthor")
	}
	want := max(1, int(g.Count))
	if len(approved) >= want {
		return open("Approved", "approved by "+strings.Join(approved, ", "))
	}
	by := ""
	if len(approved) > 0 {
		by = ", by " + strings.Join(approved, ", ")
	}
	who := ""
	if len(g.Groups) > 0 {
		who = " from " + strings.Join(g.Groups, " or ")
	}
	if g.NotAuthor {
		who += ", not by " + first(s.Author)
	}
	return hold("ApprovalMissing", fmt.Sprintf("%d of %s%s; it opens with %d more%s: tiphys approve %s %s",
		len(approved), many(want, "approval"), by, want-len(approved), who, s.Promotion, s.Environment))
}

// inGroups reports whether who decides is in one of the groups of the gate.
func inGroups(g *v1alpha1.ApprovalGate, d v1alpha1.Approval) bool {
	return len(g.Groups) == 0 || slices.ContainsFunc(g.Groups, func(group string) bool {
		return group != "" && slices.Contains(d.Spec.By.Groups, group)
	})
}

// isAuthor reports whether a user may be who made the candidate: the user is
// the author's name, email, or what stands before its @, whatever the case. What
// identity providers have put before a name, as in oidc:ann, is looked past.
func isAuthor(user, of string) bool {
	user = strings.ToLower(strings.TrimSpace(user))
	bare := user[strings.LastIndexAny(user, ":#/")+1:]
	for _, name := range author(of) {
		if name == user || name == bare {
			return true
		}
	}
	return false
}

// author returns the names of an author, NAME <EMAIL>, in small letters; nil for
// none.
func author(of string) []string {
	name, email, _ := strings.Cut(strings.ToLower(of), "<")
	email, _, _ = strings.Cut(email, ">")
	var all []string
	for _, n := range []string{name, email} {
		if n = strings.TrimSpace(n); n == "" {
			continue
		}
		all = append(all, n)
		if local, _, ok := strings.Cut(n, "@"); ok && local != "" {
			all = append(all, local)
		}
	}
	return all
}

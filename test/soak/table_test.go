package soak

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// table tells what was asked in each phase, and how many things are amiss.
func (b *book) table() (string, int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var t strings.Builder
	t.WriteString("| phase | seconds | machine stalled, s | faults | longest recovery, s | requests | right | error while a fault was on | without defaults meanwhile | error without a fault | wrong | lost | slowest right, ms | policies changed | certificates | authorities |\n")
	t.WriteString("|---|" + strings.Repeat("---:|", 15) + "\n")
	var sum phase
	row := func(p *phase, long time.Duration) {
		fmt.Fprintf(&t, "| %s | %.0f | %.0f | %d | %.1f | %d | %d | %d | %d | %d | %d | %d | %d | %d | %d | %d |\n", p.name, long.Seconds(), p.stalled.Seconds(), p.faults, p.recovery.Seconds(),
			p.sent, p.right, p.failed, p.open, p.defects, p.wrong, p.lost, p.slowest.Milliseconds(), p.policies, p.leaves, p.signers)
	}
	for _, p := range b.phases {
		row(p, p.to.Sub(p.from))
		sum.faults, sum.sent, sum.right, sum.failed, sum.open = sum.faults+p.faults, sum.sent+p.sent, sum.right+p.right, sum.failed+p.failed, sum.open+p.open
		sum.defects, sum.wrong, sum.lost, sum.policies = sum.defects+p.defects, sum.wrong+p.wrong, sum.lost+p.lost, sum.policies+p.policies
		sum.leaves, sum.signers = sum.leaves+p.leaves, sum.signers+p.signers
		sum.stalled += p.stalled
		sum.recovery, sum.slowest = max(sum.recovery, p.recovery), max(sum.slowest, p.slowest)
	}
	sum.name = "**all**"
	row(&sum, b.phases[len(b.phases)-1].to.Sub(b.phases[0].from))
	return t.String(), sum.defects + sum.wrong + sum.lost
}

// A verdict is what Helm's records tell of one environment of a team.
type verdict struct {
	deployed, twice, disordered, missing, interrupted, failed int
}

// judge goes through the revisions of an environment.
func (t *team) judge(env string) (v verdict, why []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	count, last := map[int]int{}, 0
	for _, number := range slices.Sorted(maps.Keys(t.history[env])) {
		r, n := t.history[env][number], 0
		fmt.Sscanf(r.Chart, "etl-1.0.%d", &n)
		switch {
		case strings.HasPrefix(r.Description, "interrupted"), r.Status == "failed" && strings.Contains(r.Description, "context canceled"):
			v.interrupted++ // killed, or told to end
			continue
		case r.Status == "failed":
			v.failed++
			why = append(why, fmt.Sprintf("revision %d of %s, package %d, failed: %s", number, t.in(env), n, r.Description))
			continue
		case r.Status != "deployed" && r.Status != "superseded":
			why = append(why, fmt.Sprintf("revision %d of %s, package %d, is %s: %s", number, t.in(env), n, r.Status, r.Description))
			v.failed++
			continue
		}
		v.deployed++
		if count[n]++; count[n] > 1 {
			v.twice++
			why = append(why, fmt.Sprintf("package %d was deployed twice in %s, as revision %d too", n, t.in(env), number))
		}
		if n < last {
			v.disordered++
			why = append(why, fmt.Sprintf("package %d came to %s after %d", n, t.in(env), last))
		}
		last = max(last, n)
	}
	for _, n := range t.due {
		if count[n] == 0 {
			v.missing++
			why = append(why, fmt.Sprintf("package %d never came to %s", n, t.in(env)))
		}
	}
	return v, why
}

// promoted tells what became of what was pushed, and how much of it is amiss.
func (s *soak) promoted() (string, int) {
	var b strings.Builder
	b.WriteString("| team | environment | packages pushed | that must arrive | deployed | lost | twice | out of order | tries that a fault ended | failed for good | slowest to the end without a fault, s |\n|---|---|" + strings.Repeat("---:|", 9) + "\n")
	amiss := 0
	for _, t := range s.teams {
		for _, env := range t.environments {
			v, why := t.judge(env)
			fmt.Fprintf(&b, "| %s | %s | %d | %d | %d | %d | %d | %d | %d | %d | %.1f |\n", t.name, env, t.pushed, len(t.due), v.deployed, v.missing, v.twice, v.disordered, v.interrupted, v.failed, t.slowest.Seconds())
			amiss += v.missing + v.twice + v.disordered + v.failed
			for _, w := range why {
				s.book.problem("%s", w)
			}
		}
		amiss += t.lost
	}
	return b.String(), amiss
}

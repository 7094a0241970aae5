package soak

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// measures are what of a process must come back to where it was. It has leaked
// where it has grown, from the first equal phase to the last, by more than a part
// of it and so much.
var measures = []struct {
	metric, name string
	unit         float64
	part, most   float64
}{
	{"process_resident_memory_bytes", "resident memory, MiB", 1 << 20, 0.5, 64 << 20},
	{"go_gc_heap_live_bytes", "live heap, MiB", 1 << 20, 0.3, 12 << 20},
	{"go_goroutines", "goroutines", 1, 0.2, 40},
	{"process_open_fds", "file descriptors", 1, 0.2, 24},
}

// A sample is what a process was like at the end of a steady phase.
type sample struct {
	process *process
	leads   bool // it does the work of all replicas, for which it needs more
	at      time.Time
	values  map[string]float64 // the median
}

// A leak book holds the samples of each pod, one for each steady phase.
type leakBook map[string][]*sample

// steady has nothing break for a while, and measures the processes in the last
// third of it.
func (s *soak) steady(name string, long time.Duration, leaks leakBook) {
	s.book.begin(name)
	s.wait(long * 2 / 3)
	all := append(append([]*pod(nil), s.webhooks...), s.controllers...)
	of, leads := map[*pod]*process{}, map[*pod]bool{}
	values := map[*pod]map[string][]float64{}
	for _, p := range all {
		of[p], values[p] = p.now(), map[string][]float64{}
	}
	for end := time.Now().Add(long / 3); time.Now().Before(end) && s.load.Err() == nil; {
		for _, p := range all {
			if of[p] == nil {
				continue
			}
			got, err := of[p].metrics()
			if err != nil {
				s.defect("read the metrics of %s: %v", p.name, err)
				of[p] = nil
				continue
			}
			for _, m := range measures {
				values[p][m.metric] = append(values[p][m.metric], got[m.metric])
			}
			leads[p] = got[`leader_election_master_status{name="tiphys-controller"}`] > 0 || got["tiphys_webhook_audits"] > 0
		}
		s.wait(time.Second)
	}
	for _, p := range all {
		one := &sample{process: of[p], leads: leads[p], at: time.Now(), values: map[string]float64{}}
		for metric, all := range values[p] {
			slices.Sort(all)
			one.values[metric] = all[len(all)/2]
		}
		leaks[p.name] = append(leaks[p.name], one)
	}
}

// table tells of each process that lived through some steady phases, and what it
// has leaked.
func (l leakBook) table() (text string, leaked []string) {
	names := make([]string, 0, len(l))
	phases := 0
	for name, all := range l {
		names = append(names, name)
		phases = max(phases, len(all))
	}
	slices.Sort(names)
	var b strings.Builder
	b.WriteString("| process | |")
	for i := range phases {
		fmt.Fprintf(&b, " steady %d |", i+1)
	}
	b.WriteString(" grown per hour |\n|---|---|" + strings.Repeat("---:|", phases+1) + "\n")
	for _, name := range names {
		for _, m := range measures {
			first, last := span(l[name])
			fmt.Fprintf(&b, "| %s | %s |", name, m.name)
			for _, one := range l[name] {
				switch v, ok := one.values[m.metric]; {
				case !ok:
					b.WriteString(" |")
				case first != nil && !one.like(first):
					fmt.Fprintf(&b, " (%.0f) |", v/m.unit)
				default:
					fmt.Fprintf(&b, " %.0f |", v/m.unit)
				}
			}
			if first == nil {
				b.WriteString(" |\n")
				continue
			}
			was, is := first.values[m.metric], last.values[m.metric]
			fmt.Fprintf(&b, " %+.0f |\n", (is-was)/m.unit/last.at.Sub(first.at).Hours())
			if grown := is - was; grown > m.most && grown > was*m.part {
				leaked = append(leaked, fmt.Sprintf("%s: %s went from %.0f to %.0f", name, m.name, was/m.unit, is/m.unit))
			}
		}
	}
	return b.String(), leaked
}

// compared reports whether there are two samples of a program that leads.
func (l leakBook) compared(program string) bool {
	for name, all := range l {
		if first, _ := span(all); strings.HasPrefix(name, program) && first != nil && first.leads {
			return true
		}
	}
	return false
}

// like reports whether two samples are of one process that did the same.
func (s *sample) like(o *sample) bool {
	return s.process != nil && s.process == o.process && s.leads == o.leads
}

// span returns the first and the last sample of the process that lived longest.
func span(all []*sample) (first, last *sample) {
	for i, from := range all {
		for _, to := range all[i+1:] {
			if from.like(to) && (first == nil || to.at.Sub(from.at) > last.at.Sub(first.at)) {
				first, last = from, to
			}
		}
	}
	return first, last
}

package environment

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/tiphys-dev/tiphys/lint"
)

// mostAlike bounds the findings of one rule: nobody reads more, and files of
// millions of keys must not fill the memory.
const mostAlike = 1000

// findings returns those that were reported since the last time with others,
// sorted.
func (r *reader) findings(others []lint.Finding) []lint.Finding {
	all := append(others, r.found...)
	r.found = nil
	slices.SortStableFunc(all, func(a, b lint.Finding) int {
		return cmp.Or(cmp.Compare(fileOf(a), fileOf(b)), cmp.Compare(a.Span.Start, b.Span.Start),
			cmp.Compare(a.Rule.Name, b.Rule.Name), cmp.Compare(a.Path, b.Path), cmp.Compare(a.Message, b.Message))
	})
	all = slices.CompactFunc(all, func(a, b lint.Finding) bool {
		return fileOf(a) == fileOf(b) && a.Span.Start == b.Span.Start && a.Rule == b.Rule && a.Path == b.Path && a.Message == b.Message
	})
	return few(all)
}

// few cuts the findings of a rule that has more than mostAlike; the last one
// that is left says how many are not there.
func few(all []lint.Finding) []lint.Finding {
	alike, kept := map[*lint.Rule]int{}, map[*lint.Rule]int{}
	for _, f := range all {
		alike[f.Rule]++
	}
	var out []lint.Finding
	for _, f := range all {
		switch kept[f.Rule]++; {
		case kept[f.Rule] == mostAlike && alike[f.Rule] > mostAlike:
			f.Message = fmt.Sprintf("this and %d more like the ones above: they are not shown", alike[f.Rule]-mostAlike)
		case kept[f.Rule] > mostAlike:
			continue
		}
		out = append(out, f)
	}
	return out
}

func fileOf(f lint.Finding) string {
	if f.Span.File == nil {
		return ""
	}
	return f.Span.File.Name
}

package lint

import (
	"cmp"
	"slices"
	"sort"
)

// A secretText is a part of a file that no report may show.
type secretText struct {
	file         string
	offset, size int
}

// hide masks secrets in the lines that other findings show.
func hide(all []Finding, secrets []secretText) {
	if len(secrets) == 0 {
		return
	}
	of := map[string][]secretText{}
	for _, s := range secrets {
		of[s.file] = append(of[s.file], s)
	}
	for _, in := range of {
		slices.SortFunc(in, func(a, b secretText) int { return cmp.Compare(a.offset, b.offset) })
	}
	for i := range all {
		f := &all[i]
		if f.Secret || !f.Span.Known() || of[f.Span.File.Name] == nil {
			continue
		}
		in := of[f.Span.File.Name]
		from, to := f.Span.Around()
		first := sort.Search(len(in), func(i int) bool { return in[i].offset+in[i].size > from })
		for _, s := range in[first:] {
			if s.offset >= to {
				break
			}
			f.Span = f.Span.Hiding(s.offset, s.size)
		}
	}
}

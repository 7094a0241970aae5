package render

import (
	"bytes"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"

	"github.com/tiphys-dev/tiphys/lint/source"
)

// A Map leads from rendered text back to the templates that it came from.
//
// It is made by rendering a second time, with marks in the templates that are
// taken out again. Where what is left is not the text of the first time, nothing
// is said: a line is never guessed.
type Map struct {
	templates map[string]*template
	files     map[string]*mapped
}

// A template is the text of one file of templates/.
type template struct {
	file    *source.File
	first   int // the number of the first action
	actions []Action
}

// mapped is one rendered text.
type mapped struct {
	clean, marked []int // offsets where lines begin, in both texts
	same          []bool
	segments      []segment
}

// A segment is a stretch of the marked text, without its marks.
type segment struct {
	start, end int
	literal    int // offset in the template, when action < 0
	action     int // its place in template.actions
}

// An Origin is where rendered text came from.
type Origin struct {
	// Span is in the text of the template, named as a user would: the folder of
	// the chart, then templates/...
	Span source.Span
	// Actions printed the text or parts of it. Span is the {{ }} of the one that
	// printed all of it.
	Actions []*Action
	// Template is the full name of the template.
	Template string
}

// Map renders the chart again, as out was rendered, to learn where each line
// came from.
func (c *Chart) Map(values map[string]any, o Options, out *Output) (*Map, error) {
	loaded, err := c.load()
	if err != nil {
		return nil, err
	}
	m := &Map{templates: map[string]*template{}, files: map[string]*mapped{}}
	all := map[string]*chart.File{}
	collect(loaded, all)
	known, _ := parsed(all)
	first := 0
	done := map[*chart.File]*template{} // a subchart may go by several names
	for _, name := range slices.Sorted(maps.Keys(all)) {
		f := all[name]
		if strings.HasPrefix(path.Base(name), "_") {
			continue
		}
		if done[f] == nil {
			text, actions, err := mark(name, f.Data, first, known)
			if err != nil {
				continue // nothing is said of this one
			}
			done[f] = &template{source.NewFile(c.Shown(name), f.Data), first, actions}
			first += len(actions)
			f.Data = []byte(text)
		}
		m.templates[name] = done[f]
	}
	again, err := c.render(loaded, values, o)
	if err != nil {
		return m, nil
	}
	for name, clean := range out.Files {
		if t := m.templates[name]; t != nil {
			m.files[name] = compare(clean, again.Files[name], t.first, len(t.actions))
		}
	}
	return m, nil
}

// collect finds the templates of a chart and of its subcharts by full name.
func collect(c *chart.Chart, all map[string]*chart.File) {
	eachChart(c, c.Name(), func(at string, c *chart.Chart) {
		for _, t := range c.Templates {
			all[path.Join(at, t.Name)] = t
		}
	})
}

// eachChart calls do for a chart and its subcharts with the full path of each:
// several times where it has several aliases.
func eachChart(c *chart.Chart, at string, do func(at string, c *chart.Chart)) {
	do(at, c)
	for _, d := range c.Dependencies() {
		var names []string
		for _, want := range c.Metadata.Dependencies {
			if want != nil && want.Name == d.Name() && chartutil.IsCompatibleRange(want.Version, d.Metadata.Version) {
				names = append(names, orElse(want.Alias, want.Name))
			}
		}
		if names == nil {
			names = []string{d.Name()}
		}
		slices.Sort(names)
		for _, name := range slices.Compact(names) {
			eachChart(d, path.Join(at, "charts", name), do)
		}
	}
}

// places finds the files of the chart by the full names that Helm gives them,
// which have the name or an alias of a subchart where the path has its folder.
func places(loaded *chart.Chart, files []File) map[string]string {
	byData := make(map[*byte]string, len(files)) // which the loader keeps
	for _, f := range files {
		if len(f.Data) > 0 {
			byData[&f.Data[0]] = f.Name
		}
	}
	all := make(map[string]string, len(files))
	for _, f := range files {
		all[path.Join(loaded.Name(), f.Name)] = f.Name
	}
	eachChart(loaded, loaded.Name(), func(at string, c *chart.Chart) {
		for _, f := range c.Raw {
			if len(f.Data) > 0 && byData[&f.Data[0]] != "" {
				all[path.Join(at, f.Name)] = byData[&f.Data[0]]
			}
		}
	})
	return all
}

// Shown names a file of the chart, by its full name like etl/templates/wf.yaml,
// as a user would; one in an archive goes by its full name.
func (c *Chart) Shown(name string) string {
	if place, ok := c.places[name]; ok {
		return filepath.Join(c.Dir, filepath.FromSlash(place))
	}
	return name
}

// compare takes the marks out of a text and holds what is left against the
// clean one, line by line.
func compare(clean, marked string, first, count int) *mapped {
	text, segments := strip(marked, first, count)
	m := &mapped{clean: lines(clean), marked: lines(text), segments: segments}
	if len(m.clean) != len(m.marked) {
		return &mapped{}
	}
	m.same = make([]bool, len(m.clean))
	for i := range m.clean {
		m.same[i] = line(clean, m.clean, i) == line(text, m.marked, i)
	}
	return m
}

func lines(s string) []int {
	all := []int{0}
	for i := 0; i < len(s); i++ {
		if s[i] == '\n' {
			all = append(all, i+1)
		}
	}
	return all
}

func line(s string, starts []int, i int) string {
	if i+1 < len(starts) {
		return s[starts[i]:starts[i+1]]
	}
	return s[starts[i]:]
}

// strip takes out the marks of a template whose actions are numbered from first
// on.
func strip(s string, first, count int) (string, []segment) {
	var out strings.Builder
	var all []segment
	now := segment{action: -1, literal: -1}
	var open []int // actions
	end := func() {
		if now.end = out.Len(); now.end > now.start && (now.action >= 0 && now.action < count || now.literal >= 0) {
			all = append(all, now)
		}
		now = segment{start: out.Len(), action: -1, literal: -1}
	}
	for {
		i := strings.Index(s, markOpen)
		if i < 0 {
			break
		}
		j := strings.Index(s[i:], markShut)
		if j < 0 {
			break
		}
		out.WriteString(s[:i])
		what := s[i+len(markOpen) : i+j]
		if strings.Contains(what, markOpen) { // the end of this one was cut off
			s = s[i+len(markOpen):]
			continue
		}
		s = s[i+j+len(markShut):]
		if what == "" {
			continue
		}
		n, err := strconv.Atoi(what[1:])
		if err != nil {
			continue
		}
		switch what[0] {
		case markLiteral:
			if len(open) == 0 {
				end()
				now.literal = n
			}
		case markAction:
			if open = append(open, n); len(open) == 1 {
				end()
				now.action = n - first
			}
		case markEnd: // those inside of it may have lost their ends, to trunc
			if i := slices.Index(open, n); i >= 0 {
				open = open[:i]
			}
			if len(open) == 0 {
				end()
			}
		}
	}
	out.WriteString(s)
	end()
	return out.String(), all
}

// Origin tells where the bytes [start, end) of a rendered file came from; false
// when that is not known.
func (m *Map) Origin(file string, start, end int) (Origin, bool) {
	f, t := m.files[file], m.templates[file]
	if f == nil || t == nil || len(f.clean) == 0 {
		return Origin{}, false
	}
	i := sort.SearchInts(f.clean, start+1) - 1
	at := Origin{Template: file}
	if !f.same[i] {
		return Origin{}, false
	}
	shift := f.marked[i] - f.clean[i]
	from, ok := f.at(start + shift)
	if !ok {
		return m.lineOnly(f, t, i, at)
	}
	at.Actions = f.actions(t, start+shift, max(start+1, end)+shift)
	if from.action >= 0 {
		at.Span = at.Actions[0].span(t)
		return at, true
	}
	at.Span = source.Span{File: t.file, Start: from.literal + start + shift - from.start}
	last, ok := f.at(max(start, end-1) + shift)
	switch {
	case !ok:
		at.Span.End = at.Span.Start + 1
	case last.action >= 0:
		at.Span.End = t.actions[last.action].End
	default:
		at.Span.End = last.literal + max(start+1, end) + shift - last.start
	}
	if at.Span.End <= at.Span.Start || bytes.IndexByte(t.file.Bytes[at.Span.Start:at.Span.End], '\n') >= 0 {
		at.Span.End = at.Span.Start + max(1, lineRest(t.file.Bytes, at.Span.Start))
	}
	return at, true
}

// lineOnly points at the template line that begins a rendered line.
func (m *Map) lineOnly(f *mapped, t *template, i int, at Origin) (Origin, bool) {
	next := 1 << 62
	if i+1 < len(f.marked) {
		next = f.marked[i+1]
	}
	for _, s := range f.segments {
		if s.end <= f.marked[i] || s.start >= next {
			continue
		}
		at.Actions = f.actions(t, f.marked[i], next)
		if s.action >= 0 {
			at.Span = t.actions[s.action].span(t)
			return at, true
		}
		off := s.literal + max(0, f.marked[i]-s.start)
		at.Span = source.Span{File: t.file, Start: off, End: off + max(1, lineRest(t.file.Bytes, off))}
		return at, true
	}
	return Origin{}, false
}

func (a *Action) span(t *template) source.Span {
	return source.Span{File: t.file, Start: a.Start, End: a.End}
}

// actions returns those that printed a part of the bytes [start, end).
func (f *mapped) actions(t *template, start, end int) []*Action {
	var all []*Action
	i := sort.Search(len(f.segments), func(i int) bool { return f.segments[i].end > start })
	for ; i < len(f.segments) && f.segments[i].start < end; i++ {
		if n := f.segments[i].action; n >= 0 {
			all = append(all, &t.actions[n])
		}
	}
	return all
}

func (f *mapped) at(off int) (segment, bool) {
	i := sort.Search(len(f.segments), func(i int) bool { return f.segments[i].end > off })
	if i < len(f.segments) && f.segments[i].start <= off {
		return f.segments[i], true
	}
	return segment{}, false
}

func lineRest(text []byte, off int) int {
	if i := bytes.IndexByte(text[off:], '\n'); i >= 0 {
		return i
	}
	return len(text) - off
}

// Templates returns the text of the templates by full name, for positions that
// are known otherwise: those of a Failure.
func (c *Chart) Templates() (map[string]*source.File, error) {
	loaded, err := c.load()
	if err != nil {
		return nil, err
	}
	all := map[string]*chart.File{}
	collect(loaded, all)
	out := make(map[string]*source.File, len(all))
	for name, f := range all {
		out[name] = source.NewFile(c.Shown(name), f.Data)
	}
	return out, nil
}

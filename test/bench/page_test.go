package bench

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/tiphys-dev/tiphys/test/testbin"
)

var update = flag.Bool("update", false, "write the page into docs/performance.md")

// BenchmarkPage measures all and prints it as one page: each number beside what
// it is a multiple of, measured in the same run. With -update the page replaces
// the one in docs/performance.md; parts of it, as -bench=Page/webhook, are printed
// only.
func BenchmarkPage(b *testing.B) {
	all := []struct {
		name    string
		measure func(*testing.B) []section
	}{
		{"lint", lintSections},
		{"chart", chartSections},
		{"webhook", reviewSections},
		{"https", httpsSections},
		{"promotion", promotionSections},
	}
	var p page
	parts := 0
	for _, one := range all {
		var got []section
		b.Run(one.name, func(b *testing.B) {
			for b.Loop() {
				got = one.measure(b)
			}
			b.ReportMetric(0, "ns/op")
		})
		p.sections = append(p.sections, got...)
		if got != nil {
			parts++
		}
	}
	if b.Failed() || len(p.sections) == 0 {
		return
	}
	text := p.String()
	fmt.Printf("\n%s", text)
	if !*update {
		return
	}
	if parts < len(all) {
		b.Fatal("-update takes all parts of the page: -bench=Page")
	}
	file := filepath.Join(testbin.Root(), "docs", "performance.md")
	old, err := os.ReadFile(file)
	if err != nil {
		b.Fatal(err)
	}
	before, _, ok := strings.Cut(string(old), begin)
	_, after, closed := strings.Cut(string(old), end)
	if !ok || !closed {
		b.Fatalf("%s has no lines %q and %q", file, begin, end)
	}
	if err := os.WriteFile(file, []byte(before+begin+"\n"+text+end+after), 0o644); err != nil {
		b.Fatal(err)
	}
}

// Between these lines of docs/performance.md is what was measured.
const (
	begin = "<!-- measured by make bench UPDATE=1 -->"
	end   = "<!-- end of what was measured -->"
)

// A page is what was measured in one run, on one machine.
type page struct{ sections []section }

// A section is one table and what is said below it.
type section struct {
	title  string
	header []string
	rows   [][]string
	notes  []string
}

func (s *section) row(cells ...string) { s.rows = append(s.rows, cells) }

func (s *section) note(format string, args ...any) {
	s.notes = append(s.notes, fmt.Sprintf(format, args...))
}

func (p *page) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s.\n", machine())
	for _, s := range p.sections {
		fmt.Fprintf(&b, "\n### %s\n\n", s.title)
		widths := make([]int, len(s.header))
		for _, row := range append([][]string{s.header}, s.rows...) {
			for i, cell := range row {
				widths[i] = max(widths[i], len([]rune(cell)))
			}
		}
		line(&b, s.header, widths)
		rule := make([]string, len(widths))
		for i, w := range widths {
			rule[i] = strings.Repeat("-", w)
		}
		line(&b, rule, widths)
		for _, row := range s.rows {
			line(&b, row, widths)
		}
		for _, n := range s.notes {
			fmt.Fprintf(&b, "\n%s\n", n)
		}
	}
	b.WriteByte('\n')
	return b.String()
}

func line(b *strings.Builder, cells []string, widths []int) {
	b.WriteByte('|')
	for i, w := range widths {
		cell := ""
		if i < len(cells) {
			cell = cells[i]
		}
		fmt.Fprintf(b, " %s%s |", cell, strings.Repeat(" ", w-len([]rune(cell))))
	}
	b.WriteByte('\n')
}

// machine tells what was measured on, as far as the system tells.
func machine() string {
	model := runtime.GOARCH
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(text)) {
			if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
				model = strings.TrimSpace(value)
				break
			}
		}
	}
	size := ""
	if text, err := os.ReadFile("/proc/meminfo"); err == nil {
		var kb float64
		if _, err := fmt.Sscanf(string(text), "MemTotal: %g kB", &kb); err == nil {
			size = fmt.Sprintf(", %.0f GiB", kb/(1<<20))
		}
	}
	return fmt.Sprintf("%d cores of %s%s, %s/%s, %s", runtime.NumCPU(), model, size, runtime.GOOS, runtime.GOARCH, runtime.Version())
}

// times is a multiple, as it is printed.
func times(a, b float64) string {
	switch r := a / b; {
	case r < 0.1:
		return fmt.Sprintf("%.3f", r)
	case r < 10:
		return fmt.Sprintf("%.2f", r)
	default:
		return fmt.Sprintf("%.0f", r)
	}
}

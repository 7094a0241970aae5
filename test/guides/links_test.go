package guides

import (
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/tiphys-dev/tiphys/test/testbin"
)

var (
	link    = regexp.MustCompile(`\]\(<?([^)\s>]+)>?\)`)
	source  = regexp.MustCompile(`\b(?:src|srcset|href)="([^"]+)"`)
	heading = regexp.MustCompile(`^ {0,3}#{1,6} +(.+?)(?: +#+)? *$`)
	code    = regexp.MustCompile("`[^`\n]*`")
	linked  = regexp.MustCompile(`\[([^]]*)\]\([^)]*\)`)
)

// Links within the project lead to a file that is in it, and to a heading of it.
func TestLinks(t *testing.T) {
	root := testbin.Root()
	list, err := exec.Command("git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		t.Fatal(err)
	}
	files, pages := map[string]bool{".": true}, map[string]string{}
	for name := range strings.SplitSeq(strings.TrimRight(string(list), "\x00"), "\x00") {
		for d := name; d != "."; d = path.Dir(d) {
			files[d] = true
		}
		if path.Ext(name) == ".md" {
			text, err := os.ReadFile(filepath.Join(root, name))
			if err != nil {
				continue // removed, but not yet in git
			}
			pages[name] = prose(string(text))
		}
	}
	anchors := map[string]map[string]bool{}
	for name, text := range pages {
		anchors[name] = headings(text)
	}
	for name, text := range pages {
		text = code.ReplaceAllString(text, "")
		for _, m := range append(link.FindAllStringSubmatch(text, -1), source.FindAllStringSubmatch(text, -1)...) {
			u, err := url.Parse(m[1])
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if u.Scheme != "" {
				continue
			}
			to := name
			if u.Path != "" {
				to = path.Join(path.Dir(name), u.Path)
			}
			switch {
			case !files[to]:
				t.Errorf("%s: there is no %s", name, m[1])
			case u.Fragment != "" && !anchors[to][u.Fragment]:
				t.Errorf("%s: there is no heading for %s", name, m[1])
			}
		}
	}
}

// prose is a page without its fenced blocks.
func prose(text string) string {
	var b strings.Builder
	until := ""
	for line := range strings.Lines(text) {
		m := fence.FindStringSubmatch(line)
		switch {
		case until != "" && strings.TrimSpace(line) == until:
			until = ""
		case until == "" && m != nil:
			until = m[2]
		case until == "":
			b.WriteString(line)
		}
	}
	return b.String()
}

// headings are the anchors of a page, as forges make them.
func headings(text string) map[string]bool {
	all := map[string]bool{}
	for line := range strings.Lines(text) {
		m := heading.FindStringSubmatch(strings.TrimRight(line, "\n"))
		if m == nil {
			continue
		}
		slug := strings.Map(func(r rune) rune {
			switch {
			case unicode.IsLetter(r), unicode.IsNumber(r), r == '-', r == '_':
				return unicode.ToLower(r)
			case r == ' ':
				return '-'
			}
			return -1
		}, linked.ReplaceAllString(m[1], "$1"))
		for n, s := 1, slug; ; n++ {
			if !all[slug] {
				all[slug] = true
				break
			}
			slug = s + "-" + string(rune('0'+n))
		}
	}
	return all
}

package page

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
)

const rowsOnPage = 100

// A board is the overview.
type board struct {
	Rows       []*row
	Namespaces []string
	filter
	// Total counts the promotions that the user may see, Matching those that the
	// filter lets through.
	Total, Matching           int
	Failed, Blocked, Approval int
	Page, Pages               int
	Previous, Following       string
	// Layout is a class: how many columns of environments there are.
	Layout string
}

// A filter is what the address asks for.
type filter struct{ Namespace, Text, Only string }

func filterOf(q url.Values) filter {
	f := filter{Namespace: q.Get("namespace"), Text: strings.TrimSpace(q.Get("q")), Only: q.Get("only")}
	f.Text = plain(f.Text[:min(len(f.Text), 200)])
	if !slices.Contains([]string{"blocked", "failed", "approval"}, f.Only) {
		f.Only = ""
	}
	return f
}

// query is the filter as an address, for another page or another choice.
func (f filter) query(only string, page int) string {
	q := url.Values{}
	for k, v := range map[string]string{"namespace": f.Namespace, "q": f.Text, "only": only} {
		if v != "" {
			q.Set(k, v)
		}
	}
	if page > 1 {
		q.Set("page", strconv.Itoa(page))
	}
	if len(q) == 0 {
		return "/"
	}
	return "/?" + q.Encode()
}

// Link is the address of the same filter with another choice of rows.
func (f filter) Link(only string) string { return f.query(only, 1) }

// Filtered reports whether anything may be left out.
func (f filter) Filtered() bool { return f != filter{} }

func (f filter) holds(r *row) bool {
	switch f.Only {
	case "blocked":
		if r.Blocked == nil {
			return false
		}
	case "failed":
		if !r.Failed && r.Trouble == "" {
			return false
		}
	case "approval":
		if !r.Approval {
			return false
		}
	}
	if f.Namespace != "" && r.Namespace != f.Namespace {
		return false
	}
	text := r.Namespace + "/" + r.Name
	if r.Latest != nil {
		text += " " + r.Latest.Subject + " " + r.Latest.Author + " " + r.Latest.Version
	}
	for _, c := range r.Environments {
		for _, s := range []*stay{c.Here, c.Waits} {
			if s != nil {
				text += " " + strings.TrimPrefix(s.Full, "sha256:") + " " + s.Version + " " + string(s.State)
			}
		}
	}
	text = strings.ToLower(text)
	for _, word := range strings.Fields(strings.ToLower(f.Text)) {
		if !strings.Contains(text, word) {
			return false
		}
	}
	return true
}

func (t *teller) board(promotions []*v1alpha1.Promotion, f filter, page string) *board {
	b := &board{filter: f, Total: len(promotions)}
	slices.SortFunc(promotions, func(x, y *v1alpha1.Promotion) int {
		return cmp.Or(cmp.Compare(x.Namespace, y.Namespace), cmp.Compare(x.Name, y.Name))
	})
	var rows []*row
	for _, p := range promotions {
		if !slices.Contains(b.Namespaces, p.Namespace) {
			b.Namespaces = append(b.Namespaces, p.Namespace)
		}
		r := t.row(p)
		b.Failed += one(r.Failed || r.Trouble != "")
		b.Blocked += one(r.Blocked != nil)
		b.Approval += one(r.Approval)
		if f.holds(r) {
			rows = append(rows, r)
		}
	}
	b.Matching = len(rows)
	b.Pages = max(1, (len(rows)+rowsOnPage-1)/rowsOnPage)
	asked, _ := strconv.Atoi(page)
	b.Page = min(max(asked, 1), b.Pages)
	if b.Page > 1 {
		b.Previous = f.query(f.Only, b.Page-1)
	}
	if b.Page < b.Pages {
		b.Following = f.query(f.Only, b.Page+1)
	}
	b.Rows = rows[(b.Page-1)*rowsOnPage : min(len(rows), b.Page*rowsOnPage)]
	b.align()
	return b
}

const mostColumns = 4

// align gives each environment a column of its own over all rows, where their
// orders agree and the columns are few.
func (b *board) align() {
	var names []string
	for _, r := range b.Rows {
		at := 0
		for _, c := range r.Environments {
			switch i := slices.Index(names, c.Name); {
			case i >= at:
				at = i + 1
			case i >= 0: // it comes earlier elsewhere
				return
			default:
				names = slices.Insert(names, at, c.Name)
				at++
			}
		}
		if len(names) > mostColumns {
			return
		}
	}
	b.Layout = "cols" + strconv.Itoa(len(names))
	for _, r := range b.Rows {
		for i := range r.Environments {
			r.Environments[i].Column = 1 + slices.Index(names, r.Environments[i].Name)
		}
	}
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Say is the row in words, for those who hear the page.
func (r *row) Say() string {
	parts := make([]string, 0, len(r.Environments)+1)
	for _, c := range r.Environments {
		switch {
		case c.Here != nil:
			parts = append(parts, fmt.Sprintf("%s %s %s", c.Name, c.Here.Digest, strings.ToLower(string(c.Here.State))))
		default:
			parts = append(parts, c.Name+" empty")
		}
	}
	if r.Blocked != nil {
		parts = append(parts, "waits for "+r.Blocked.Gate+" of "+r.Blocked.Environment)
	}
	return r.Name + ": " + strings.Join(parts, ", ")
}

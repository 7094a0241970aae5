package page

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
)

// What a browser gets beside pages: it needs nothing from elsewhere, and nothing
// is built.
//
//go:embed web/*.html web/page.css web/page.js web/icon.svg
var files embed.FS

// A frame is what is around a page, and the one page that is in it.
type frame struct {
	Title, User string
	Now         moment
	// Live is the address of the stream of changes, "" for a page that has none.
	Live    string
	Login   *loginForm
	Board   *board
	Detail  *detail
	Problem string
}

type loginForm struct{ Next, Problem string }

// pages are the templates and the files that they name.
type pages struct {
	templates map[string]*template.Template
	assets    map[string]asset
}

type asset struct {
	kind, version string
	body          []byte
}

func newPages() (*pages, error) {
	p := &pages{templates: map[string]*template.Template{}, assets: map[string]asset{}}
	for name, kind := range map[string]string{
		"page.css": "text/css; charset=utf-8", "page.js": "text/javascript; charset=utf-8", "icon.svg": "image/svg+xml",
	} {
		body, err := files.ReadFile("web/" + name)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(body)
		p.assets[name] = asset{kind, base64.RawURLEncoding.EncodeToString(sum[:9]), body}
	}
	functions := template.FuncMap{
		"asset": func(name string) string { return "/assets/" + name + "?v=" + p.assets[name].version },
		"strip": strip,
		"first": func(runs []runView) []runView { return runs[:min(len(runs), 8)] },
		"icon":  func(name string) template.HTML { return icons[name] },
	}
	for _, name := range []string{"board", "detail", "login", "problem"} {
		t, err := template.New("frame.html").Funcs(functions).ParseFS(files, "web/frame.html", "web/parts.html", "web/"+name+".html")
		if err != nil {
			return nil, fmt.Errorf("read page %s: %w", name, err)
		}
		p.templates[name] = t
	}
	return p, nil
}

// show writes a page, or nothing of it.
func (p *pages) show(w http.ResponseWriter, code int, name string, f *frame) {
	var b bytes.Buffer
	if err := p.templates[name].Execute(&b, f); err != nil {
		http.Error(w, "the page cannot be shown: this is a mistake of tiphys", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(code)
	w.Write(b.Bytes())
}

func (p *pages) asset(w http.ResponseWriter, r *http.Request) {
	a, ok := p.assets[r.PathValue("name")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", a.kind)
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	w.Write(a.body)
}

// icons are drawn with the colour of the text that they stand in.
var icons = map[string]template.HTML{
	"check":  svg(`<circle cx="8" cy="8" r="7" fill="currentColor"/><path d="M4.6 8.3l2.3 2.3 4.5-4.9" class="cut"/>`),
	"cross":  svg(`<path d="M5.1 1h5.8L15 5.1v5.8L10.9 15H5.1L1 10.9V5.1z" fill="currentColor"/><path d="M5.5 5.5l5 5m0-5l-5 5" class="cut"/>`),
	"clock":  svg(`<circle cx="8" cy="8" r="6.2" class="line"/><path d="M8 4.6V8l2.4 1.5" class="line"/>`),
	"half":   svg(`<circle cx="8" cy="8" r="6.2" class="line"/><path d="M8 4a4 4 0 0 1 0 8z" fill="currentColor"/>`),
	"up":     svg(`<circle cx="4.5" cy="12" r="2" class="line"/><circle cx="11.5" cy="4" r="2" class="line"/><path d="M4.5 10V3m7 3v3a3 3 0 0 1-3 3H6.5" class="line"/>`),
	"back":   svg(`<path d="M6.5 3L3 6.5 6.5 10M3.5 6.5H10a3.2 3.2 0 0 1 0 6.5H7" class="line"/>`),
	"bar":    svg(`<circle cx="8" cy="8" r="6.2" class="line"/><path d="M3.8 12.2l8.4-8.4" class="line"/>`),
	"dot":    svg(`<circle cx="8" cy="8" r="2.5" fill="currentColor"/>`),
	"person": svg(`<circle cx="8" cy="5" r="2.8" class="line"/><path d="M2.6 14c.4-3 2.5-4.6 5.4-4.6s5 1.6 5.4 4.6" class="line"/>`),
	"snow":   svg(`<path d="M8 1.5v13M2.4 4.8l11.2 6.4M13.6 4.8L2.4 11.2M6.3 2.6L8 4.2l1.7-1.6M6.3 13.4L8 11.8l1.7 1.6" class="line"/>`),
	"pin":    svg(`<path d="M5 1.8h6M6 2v4.2L3.8 9h8.4L10 6.2V2M8 9v5.2" class="line"/>`),
	"drift":  svg(`<path d="M2 5.5c2-2.2 4-2.2 6 0s4 2.2 6 0M2 11h12" class="line"/>`),
	"pause":  svg(`<path d="M5.5 3.5v9m5-9v9" class="line"/>`),
	"alert":  svg(`<path d="M8 1.8L15 14H1z" class="line"/><path d="M8 6.5v3.4m0 1.7v.4" class="line"/>`),
	"next":   svg(`<path d="M6 3.5L10.5 8 6 12.5" class="line"/>`),
}

func svg(inner string) template.HTML {
	return template.HTML(`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">` + inner + `</svg>`)
}

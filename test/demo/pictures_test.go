package main

import (
	"flag"
	"fmt"
	"html"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tiphys-dev/tiphys/test/testbin"
)

var update = flag.Bool("update", false, "make the pictures of docs/demo.md anew, which takes chromium")

// pictures are parts of what is shown: from a line with the first text to the one
// before a line with the second.
var pictures = map[string][2]string{
	"demo-commit.png":    {"In the repository, a hook", "Without it, all is fine"},
	"demo-door.png":      {"3. The door of the cluster", "What nobody wants"},
	"demo-promotion.png": {"It takes over the release", "Ann may"},
	"demo-back.png":      {"Then comes a commit", "6. The page"},
}

func TestPictures(t *testing.T) {
	if !*update {
		t.Skip("nobody asked for pictures: -update")
	}
	docs := filepath.Join(testbin.Root(), "docs")
	page := func(address, token string) {
		shoot(t, proxied(t, address, token), filepath.Join(docs, "demo-page.png"), 1280, 290)
	}
	shown := played(t, page)
	for name, part := range pictures {
		_, text, ok := strings.Cut(shown, part[0])
		text, _, end := strings.Cut(text, part[1])
		if !ok || !end {
			t.Errorf("%s: there is nothing from %q to %q", name, part[0], part[1])
			continue
		}
		lines := strings.Split(part[0]+text, "\n")
		lines = lines[:len(lines)-1] // what leads to the second text
		for len(lines) > 0 && escape.ReplaceAllString(lines[len(lines)-1], "") == "" {
			lines = lines[:len(lines)-1]
		}
		if numbered(part[0]) { // of a title, the code of its colour was cut off
			lines[0] = "\x1b[1;36m" + lines[0]
		}
		file := filepath.Join(t.TempDir(), "page.html")
		text, height := terminal(lines)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		shoot(t, "file://"+file, filepath.Join(docs, name), width, height)
	}
}

// played plays the demonstration in colour, and has the page looked at when it is
// shown.
func played(t *testing.T, page func(address, token string)) string {
	t.Helper()
	c := exec.Command(testbin.Demo(t), "--root", testbin.Root(), "--bin", filepath.Join(testbin.Root(), "bin", "test"), "--color", "always")
	c.Env = append(os.Environ(), "TMPDIR="+t.TempDir(), "DEMO_PAUSE=1")
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.Stderr = os.Stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	shown, buffer := "", make([]byte, 64<<10)
	prompt := paint(true).faint(goOn)
	for err == nil {
		var n int
		n, err = out.Read(buffer)
		shown += string(buffer[:n])
		before, paused := strings.CutSuffix(shown, prompt)
		if !paused {
			continue
		}
		shown = before
		if at := strings.Index(shown, "echo $PAGE"); at >= 0 && page != nil {
			page(regexp.MustCompile(`http://[0-9.:]+`).FindString(shown[at:]), regexp.MustCompile(`eyJ[\w.-]+`).FindString(shown))
			page = nil
		}
		in.Write([]byte("\n"))
	}
	if err := c.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, shown)
	}
	return shown
}

// proxied is the address of the page for somebody who is logged in.
func proxied(t *testing.T, address, token string) string {
	t.Helper()
	to, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		r.Out.Header.Set("Authorization", "Bearer "+token)
	}})
	t.Cleanup(s.Close)
	return s.URL
}

// shoot has chromium make a picture of a page.
func shoot(t *testing.T, address, file string, width, height int) {
	t.Helper()
	c := exec.Command("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
		"--disable-sync", "--hide-scrollbars", "--user-data-dir="+t.TempDir(), fmt.Sprintf("--window-size=%d,%d", width, height), "--screenshot="+file, address)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if i, err := os.Stat(file); err != nil || i.Size() > 200<<10 {
		t.Errorf("%s should have at most 200 KiB: %v", file, err)
	}
}

const (
	columns = 120
	width   = 1044
	line    = 19
)

var escape = regexp.MustCompile("\x1b\\[([0-9;]*)m")

// terminal is a page that looks as a terminal does, and how high it is.
func terminal(lines []string) (page string, height int) {
	rows := 0
	for _, l := range lines {
		n := len([]rune(escape.ReplaceAllString(l, "")))
		rows += max(1, (n+columns-1)/columns)
	}
	style := map[string]string{"1;36": "color:#56d4dd;font-weight:bold", "36": "color:#56d4dd", "1;32": "color:#7ee787;font-weight:bold", "1": "font-weight:bold;color:#fff",
		"31": "color:#ff7b72", "32": "color:#7ee787", "33": "color:#e3b341", "2": "color:#8b949e"}
	text, open := html.EscapeString(strings.Join(lines, "\n")), 0
	text = escape.ReplaceAllStringFunc(text, func(s string) string {
		code := escape.FindStringSubmatch(s)[1]
		if code == "0" {
			if open == 0 {
				return ""
			}
			open--
			return "</span>"
		}
		open++
		return `<span style="` + style[code] + `">`
	})
	return fmt.Sprintf(`<!doctype html><meta charset="utf-8"><style>
body { margin: 0; background: #0d1117; color: #d0d7de; font: 14px/%dpx "DejaVu Sans Mono", monospace; }
pre { margin: 0; padding: 16px; width: %dch; font: inherit; white-space: pre-wrap; word-break: break-all; }
</style><pre>%s</pre>`, line, columns, text), rows*line + 32
}

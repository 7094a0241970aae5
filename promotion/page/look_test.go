package page_test

import (
	"bytes"
	"flag"
	"image"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/promotion/page"
)

var update = flag.Bool("update", false, "rewrite the golden files and the pictures of the docs")

// loggedIn serves the page to whoever comes, as the user of a token.
func loggedIn(t testing.TB, s *shelf, token string) *httptest.Server {
	t.Helper()
	h, err := page.New(options(s))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Set("Authorization", "Bearer "+token)
		h.ServeHTTP(w, r)
	}))
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	return server
}

// A person looks at the page in a browser: by day, by night, and on a phone.
func TestInABrowser(t *testing.T) {
	b := start(t)
	s := morning(time.Now())
	s.pack = night(t)
	server := loggedIn(t, s, "admin-token")
	for _, c := range []struct {
		name, path    string
		width, height int
		scheme, save  string
		rows          []string
	}{
		{"light", "/", 1440, 860, "light", "page.png", []string{"nightly-etl", "churn-model", "prod · approval"}},
		{"dark", "/", 1440, 860, "dark", "page-dark.png", []string{"nightly-etl"}},
		{"middle", "/", 900, 1300, "light", "", []string{"nightly-etl"}},
		{"phone", "/", 390, 2200, "light", "", []string{"nightly-etl"}},
		{"detail", "/p/data/nightly-etl?env=qa", 1440, 2000, "light", "page-detail.png", []string{"numbers of the weekend", "argo.example.com/workflows/qa/", "Candidates"}},
		{"detail-dark", "/p/data/nightly-etl?env=qa", 1440, 2000, "dark", "", []string{"Candidates"}},
		{"detail-phone", "/p/data/nightly-etl?env=qa", 390, 3600, "dark", "", []string{"Candidates"}},
	} {
		b.open(server.URL+c.path, c.width, c.height, c.scheme)
		b.eval(`Promise.all([...document.images].map((i) => { i.loading = "eager"; return i.decode(); }))`)
		shot := b.shoot()
		look(t, c.name, shot, c.scheme == "dark")
		dom := b.eval("document.documentElement.outerHTML")
		for _, row := range c.rows {
			if !strings.Contains(dom, row) {
				t.Errorf("%s: there is no %q in the page", c.name, row)
			}
		}
		if wide := b.eval("document.documentElement.scrollWidth - innerWidth"); wide != "0" {
			t.Errorf("%s: the page is %s pixels wider than the window", c.name, wide)
		}
		if dir := os.Getenv("TIPHYS_TEST_SHOTS"); dir != "" {
			os.WriteFile(filepath.Join(dir, c.name+".png"), shot, 0o644)
		}
		if *update && c.save != "" {
			if err := os.WriteFile("../../docs/"+c.save, shot, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	b.quiet()
}

// What changes shows by itself, and is said to those who hear the page.
func TestLiveInABrowser(t *testing.T) {
	b := start(t)
	s := morning(time.Now())
	server := loggedIn(t, s, "admin-token")
	b.open(server.URL+"/", 1200, 800, "light")
	until(t, func() bool { return b.eval(`document.getElementById("live").textContent`) == "live" })
	s.change(func() {
		p := &s.promotions[0]
		p.ResourceVersion = "2"
		p.Status.Environments = append([]v1alpha1.EnvironmentStatus(nil), p.Status.Environments...)
		p.Status.Environments[2].State = v1alpha1.Deploying
		p.Status.Environments[2].Candidate = p.Name + "-gone"
	})
	until(t, func() bool {
		return strings.Contains(b.eval(`document.getElementById("data.nightly-etl").textContent`), "Deploying")
	})
	if said := b.eval(`document.getElementById("said").textContent`); !strings.Contains(said, "prod c07a5b4 deploying") {
		t.Errorf("said is %q", said)
	}
	b.eval(`document.querySelector("input[type=search]").value = "churn"; document.getElementById("filter").dispatchEvent(new Event("input"))`)
	until(t, func() bool { return b.eval(`document.querySelectorAll(".promo").length`) == "1" })
	if b.eval(`document.getElementById("theme").click(); document.documentElement.dataset.theme`) != "dark" {
		t.Error("the button does not make it dark")
	}
	b.quiet()
}

// until waits for what others do in their own time.
func until(t testing.TB, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); {
		if holds() {
			return
		}
		<-time.After(20 * time.Millisecond)
	}
	t.Helper()
	t.Fatal("it does not come to that")
}

// look checks that there is something in a picture, on a ground that is dark or
// is not.
func look(t *testing.T, name string, text []byte, dark bool) {
	t.Helper()
	picture, err := png.Decode(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	shades := map[uint32]int{}
	b := picture.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y += 3 {
		for x := b.Min.X; x < b.Max.X; x += 3 {
			shades[grey(picture, x, y)>>3]++
		}
	}
	if len(shades) < 8 {
		t.Errorf("%s is blank: it has %d shades", name, len(shades))
	}
	if ground := grey(picture, 2, 2); dark != (ground < 80) {
		t.Errorf("%s: the ground has brightness %d, and dark is %v", name, ground, dark)
	}
}

func grey(p image.Image, x, y int) uint32 {
	r, g, b, _ := p.At(x, y).RGBA()
	return (r + g + b) / 3 >> 8
}

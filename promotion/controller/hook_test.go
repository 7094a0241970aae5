package controller

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestSigned(t *testing.T) {
	token, body := []byte("t0ken"), `{"ref": "refs/heads/main"}`
	sign := func(key, text string) string {
		m := hmac.New(sha256.New, []byte(key))
		m.Write([]byte(text))
		return "sha256=" + hex.EncodeToString(m.Sum(nil))
	}
	for name, c := range map[string]struct {
		header, value string
		want          bool
	}{
		"nothing":                    {"X-Nothing", "", false},
		"GitHub":                     {"X-Hub-Signature-256", sign("t0ken", body), true},
		"GitHub with another key":    {"X-Hub-Signature-256", sign("token", body), false},
		"GitHub of another body":     {"X-Hub-Signature-256", sign("t0ken", body+" "), false},
		"GitHub with an empty key":   {"X-Hub-Signature-256", sign("", body), false},
		"GitHub with no hexadecimal": {"X-Hub-Signature-256", "sha256=zz", false},
		"GitLab":                     {"X-Gitlab-Token", "t0ken", true},
		"GitLab, a part":             {"X-Gitlab-Token", "t0k", false},
		"a bearer":                   {"Authorization", "Bearer t0ken", true},
		"a bearer of nothing":        {"Authorization", "Bearer ", false},
		"not a bearer":               {"Authorization", "t0ken", false},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest("POST", "/hook/team/etl", strings.NewReader(body))
			r.Header.Set(c.header, c.value)
			if got := signed(r, []byte(body), token); got != c.want {
				t.Errorf("it is %v", got)
			}
			if signed(r, []byte(body), nil) {
				t.Error("an empty token lets it through")
			}
		})
	}
}

// TestMostHooks: those who may not be heard take up no more memory than for so
// many requests.
func TestMostHooks(t *testing.T) {
	h := &hook{busy: make(chan struct{}, 1)}
	began, end := make(chan struct{}), make(chan struct{})
	slow := httptest.NewRequest("POST", "/hook/team/etl", readerFunc(func([]byte) (int, error) {
		close(began)
		<-end
		return 0, io.ErrUnexpectedEOF
	}))
	first, second := httptest.NewRecorder(), httptest.NewRecorder()
	done := make(chan struct{})
	go func() { h.ServeHTTP(first, slow); close(done) }()
	<-began
	h.ServeHTTP(second, httptest.NewRequest("POST", "/hook/team/etl", strings.NewReader("{}")))
	if second.Code != http.StatusServiceUnavailable {
		t.Errorf("one too many gets %d", second.Code)
	}
	close(end)
	<-done
	if first.Code != http.StatusRequestEntityTooLarge || len(h.busy) != 0 {
		t.Errorf("one that is cut off gets %d, and %d are read", first.Code, len(h.busy))
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }

package controller

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
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

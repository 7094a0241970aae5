package notify_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tiphys-dev/tiphys/promotion/notify"
)

func TestSend(t *testing.T) {
	var got map[string]string
	status := http.StatusOK
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = nil
		_ = json.NewDecoder(r.Body).Decode(&got)
		w.WriteHeader(status)
	}))
	defer s.Close()
	sender := &notify.Sender{Transport: s.Client().Transport}
	if err := sender.Send(t.Context(), s.URL+"/services/T0/secret\n", `etl "1" is verified`); err != nil {
		t.Fatal(err)
	}
	if got["text"] != `etl "1" is verified` || len(got) != 1 {
		t.Errorf("it got %v", got)
	}
	// What others have written is text, no link and no call.
	if err := sender.Send(t.Context(), s.URL, "failed: <!channel> <https://evil.example.com|approve & go>"); err != nil {
		t.Fatal(err)
	}
	if want := "failed: &lt;!channel&gt; &lt;https://evil.example.com|approve &amp; go&gt;"; got["text"] != want {
		t.Errorf("it got %q, and not %q", got["text"], want)
	}
	status = http.StatusNotFound
	err := sender.Send(t.Context(), s.URL+"/services/T0/secret", "x")
	if err == nil || !strings.Contains(err.Error(), "404") || strings.Contains(err.Error(), "secret") {
		t.Errorf("of a 404 it says %v", err)
	}
}

// TestSecrets: addresses are secrets, and none is in an error.
func TestSecrets(t *testing.T) {
	for name, address := range map[string]string{
		"nobody listens":   "https://127.0.0.1:1/secret",
		"without TLS":      "http://127.0.0.1:1/secret",
		"no URL":           "hooks/secret\x7f",
		"a file":           "file:///secret",
		"not even a host":  "https:///secret",
		"with credentials": "https://user:secret@127.0.0.1:1/",
	} {
		t.Run(name, func(t *testing.T) {
			err := (&notify.Sender{}).Send(t.Context(), address, "x")
			if err == nil || strings.Contains(err.Error(), "secret") {
				t.Errorf("the error is %v", err)
			}
		})
	}
	if err := (&notify.Sender{PlainHTTP: true}).Send(t.Context(), "http://127.0.0.1:1/", "x"); err == nil || !strings.Contains(err.Error(), "refused") {
		t.Errorf("with PlainHTTP, the error is %v", err)
	}
}

package controller

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// What a server answers that is no API server is not repeated: whoever writes a
// kubeconfig may be somebody who cannot reach it.
func TestStrangers(t *testing.T) {
	const told = "what only the inside may know"
	answer := func(code int, kind, text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Type"] = []string{kind}
			w.WriteHeader(code)
			fmt.Fprint(w, text)
		}
	}
	inside := httptest.NewServer(answer(http.StatusTeapot, "text/plain", told))
	defer inside.Close()
	for name, c := range map[string]struct {
		server http.HandlerFunc
		want   string
	}{
		"an error in words":           {answer(500, "text/plain; charset=utf-8", told), "answers 500 Internal Server Error, and not as an API server does"},
		"an error of a page":          {answer(403, "text/html", told), "answers 403 Forbidden, and not as an API server does"},
		"an error of no kind":         {answer(404, "", told), "answers 404 Not Found, and not as an API server does"},
		"an error in JSON of others":  {answer(500, "application/json", `{"token": "`+told+`"}`), "unknown"},
		"a text where objects belong": {answer(200, "text/plain", told), ""},
		"a redirection to somebody":   {http.RedirectHandler(inside.URL, http.StatusFound).ServeHTTP, "it redirects to somewhere else"},
		"the words of an API server":  {answer(403, "application/json", `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","code":403,"message":"you may not"}`), "you may not"},
		"a redirection to the same one": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/again"+r.URL.Path, http.StatusFound)
		}, "stopped after 10 redirects"},
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(c.server)
			defer s.Close()
			config, err := remote([]byte(`{apiVersion: v1, kind: Config, current-context: a, contexts: [{name: a, context: {cluster: a, user: a}}], users: [{name: a, user: {token: t}}],
				clusters: [{name: a, cluster: {server: "` + s.URL + `"}}]}`))
			if err != nil {
				t.Fatal(err)
			}
			_, err = kubernetes.NewForConfigOrDie(config).CoreV1().Secrets("a").List(t.Context(), metav1.ListOptions{})
			if err == nil || strings.Contains(err.Error(), told) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("it says %v, and not %q", err, c.want)
			}
		})
	}
}

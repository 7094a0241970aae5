package controller

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A stranger is a server that somebody else's kubeconfig names. It need not be an
// API server: what others answer, whom this process can reach and the author of
// the kubeconfig cannot, is not to be read in a status.
type stranger struct{ next http.RoundTripper }

var errElsewhere = errors.New("it redirects to somewhere else, which no API server does")

// RoundTrip implements http.RoundTripper.
func (s stranger) RoundTrip(r *http.Request) (*http.Response, error) {
	a, err := s.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if to, err := a.Location(); err == nil && a.StatusCode/100 == 3 && (to.Host != r.URL.Host || to.Scheme != r.URL.Scheme) {
		a.Body.Close()
		return nil, errElsewhere
	}
	kind := a.Header.Get("Content-Type")
	if a.StatusCode < 400 || kind != "" && !strings.HasPrefix(kind, "text/") {
		return a, nil // what is no text is not quoted
	}
	a.Body.Close()
	text, err := json.Marshal(metav1.Status{
		TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusFailure, Code: int32(a.StatusCode),
		Message: fmt.Sprintf("%s answers %d %s, and not as an API server does", r.URL.Host, a.StatusCode, http.StatusText(a.StatusCode)),
	})
	if err != nil {
		return nil, err
	}
	a.Header.Set("Content-Type", "application/json")
	a.Body, a.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
	return a, nil
}

// WrappedRoundTripper lets client-go find the transport below.
func (s stranger) WrappedRoundTripper() http.RoundTripper { return s.next }

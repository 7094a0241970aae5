package controller

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
)

// Bounds of requests of forges: of each one, and of how many are read at once.
// Anybody may send them, and what is read of them is kept until it is all there.
const (
	mostHook  = 1 << 20
	mostHooks = 32
)

// A hook has the source of a promotion looked at when a forge or a registry
// tells of a push. What the request says beside its signature is not read: it
// can have nothing done but to look.
//
// Whoever cannot sign learns nothing, not even whether there is such a promotion.
type hook struct {
	client client.Client
	direct client.Reader
	clock  clock.PassiveClock
	log    *slog.Logger
	busy   chan struct{} // a place for each request that is read
}

// ServeHTTP serves POST /hook/NAMESPACE/NAME.
func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "only POST is served", http.StatusMethodNotAllowed)
		return
	}
	select {
	case h.busy <- struct{}{}:
		defer func() { <-h.busy }()
	default:
		w.Header().Set("Retry-After", "5")
		http.Error(w, "too many requests at once: try again in a moment", http.StatusServiceUnavailable)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, mostHook))
	if err != nil {
		http.Error(w, fmt.Sprintf("the request is larger than %d bytes, or cut off", mostHook), http.StatusRequestEntityTooLarge)
		return
	}
	p, token := h.find(r)
	if !signed(r, body, token) || p == nil {
		http.Error(w, "the request is not signed with the token of such a promotion", http.StatusUnauthorized)
		return
	}
	patch := fmt.Sprintf(`{"metadata":{"annotations":{%q:%q}}}`, v1alpha1.RequestedAnnotation, h.clock.Now().UTC().Format(time.RFC3339Nano))
	if err := h.client.Patch(r.Context(), p.DeepCopy(), client.RawPatch("application/merge-patch+json", []byte(patch))); err != nil {
		h.log.Warn("could not have a source looked at", "namespace", p.Namespace, "promotion", p.Name, "error", err.Error())
		http.Error(w, "try again", http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusAccepted)
}

// find returns the promotion of a request and the token of its hook. Without
// one, the token is nobody's, so that it takes as long to compare.
func (h *hook) find(r *http.Request) (*v1alpha1.Promotion, []byte) {
	nobody := make([]byte, 32)
	_, _ = rand.Read(nobody) // it never fails
	namespace, name, ok := strings.Cut(strings.TrimPrefix(r.URL.Path, "/hook/"), "/")
	if !ok || len(validation.IsDNS1123Label(namespace)) > 0 || len(validation.IsDNS1123Label(name)) > 0 {
		return nil, nobody
	}
	p := &v1alpha1.Promotion{}
	if err := h.client.Get(r.Context(), key{Namespace: namespace, Name: name}, p); err != nil || p.Spec.Source.Hook == nil {
		return nil, nobody
	}
	var s core.Secret
	if err := h.direct.Get(r.Context(), key{Namespace: namespace, Name: p.Spec.Source.Hook.Name}, &s); err != nil || len(s.Data["token"]) == 0 {
		return nil, nobody
	}
	return p, []byte(strings.TrimSpace(string(s.Data["token"])))
}

// signed reports whether a request comes from who has the token: by GitHub's
// signature, GitLab's token, or as a bearer.
func signed(r *http.Request, body, token []byte) bool {
	if len(token) == 0 {
		return false
	}
	mac := hmac.New(sha256.New, token)
	mac.Write(body)
	given, err := hex.DecodeString(strings.TrimPrefix(r.Header.Get("X-Hub-Signature-256"), "sha256="))
	good := 0
	if err == nil {
		good |= subtle.ConstantTimeCompare(given, mac.Sum(nil))
	}
	good |= same(r.Header.Get("X-Gitlab-Token"), token)
	if bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		good |= same(bearer, token)
	}
	return good == 1
}

// same compares without telling how much of it is right.
func same(given string, token []byte) int {
	a, b := sha256.Sum256([]byte(given)), sha256.Sum256(token)
	return subtle.ConstantTimeCompare(a[:], b[:])
}

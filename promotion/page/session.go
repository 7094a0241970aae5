package page

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// A session of a browser is its cookie: the token, encrypted, so that nobody who
// gets hold of it has a token for the API server. That matters on localhost, to
// which a browser sends the cookies of one port on all of them.
const (
	cookieName   = "tiphys-page"
	secureName   = "__Host-tiphys-page"
	sessionLasts = 12 * time.Hour
	mostToken    = 2800 // bytes: browsers keep cookies of 4 KiB
	mostForm     = 16 << 10
)

// tokenForm is what a token may look like (RFC 6750).
var tokenForm = regexp.MustCompile(`^[A-Za-z0-9._~+/-]+=*$`)

type sessions struct {
	aead cipher.AEAD
	now  func() time.Time
}

func newSessions(sessionKey []byte, now func() time.Time) (*sessions, error) {
	if sessionKey == nil {
		sessionKey = make([]byte, 32)
		rand.Read(sessionKey) // never fails
	}
	if len(sessionKey) != 32 {
		return nil, errors.New("a session key has 32 bytes")
	}
	block, err := aes.NewCipher(sessionKey)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	return &sessions{aead, now}, err
}

// token is the one that a request brings, "" for none.
func (s *sessions) token(r *http.Request) string {
	if h := r.Header.Get("Authorization"); h != "" {
		scheme, token, _ := strings.Cut(h, " ")
		if !strings.EqualFold(scheme, "Bearer") || !tokenForm.MatchString(token) {
			return ""
		}
		return token
	}
	c, err := r.Cookie(nameOf(r))
	if err != nil {
		return ""
	}
	sealed, err := base64.RawURLEncoding.DecodeString(c.Value)
	if err != nil {
		return ""
	}
	open, err := s.aead.Open(nil, nil, sealed, []byte(cookieName))
	if err != nil || len(open) < 8 || s.now().Unix() > int64(binary.BigEndian.Uint64(open)) {
		return ""
	}
	return string(open[8:])
}

func (s *sessions) start(w http.ResponseWriter, r *http.Request, token string) {
	open := binary.BigEndian.AppendUint64(nil, uint64(s.now().Add(sessionLasts).Unix()))
	sealed := s.aead.Seal(nil, nil, append(open, token...), []byte(cookieName))
	setCookie(w, r, base64.RawURLEncoding.EncodeToString(sealed), 0)
}

func (s *sessions) end(w http.ResponseWriter, r *http.Request) { setCookie(w, r, "", -1) }

func setCookie(w http.ResponseWriter, r *http.Request, value string, age int) {
	http.SetCookie(w, &http.Cookie{
		Name: nameOf(r), Value: value, Path: "/", MaxAge: age,
		HttpOnly: true, Secure: encrypted(r), SameSite: http.SameSiteStrictMode,
	})
}

func nameOf(r *http.Request) string {
	if encrypted(r) {
		return secureName
	}
	return cookieName
}

// encrypted reports whether the browser talks HTTPS. Who lies about it in the
// header hides his own cookie from himself, and nothing else.
func encrypted(r *http.Request) bool {
	return r.TLS != nil || strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https")
}

// local is an address of this page to go to after logging in.
func local(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || !strings.HasPrefix(next, "/") ||
		strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\r\n\t") || strings.HasPrefix(u.Path, "/login") {
		return "/"
	}
	return next
}

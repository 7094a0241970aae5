package pin

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
	"unicode"

	"github.com/go-git/go-git/v5/plumbing/transport"
	"github.com/go-git/go-git/v5/plumbing/transport/file"
	githttp "github.com/go-git/go-git/v5/plumbing/transport/http"
	gitssh "github.com/go-git/go-git/v5/plumbing/transport/ssh"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// A wrongOrder is an error that trying again does not mend.
type wrongOrder struct{ text string }

func (w *wrongOrder) Error() string { return w.text }

// Is reports that it is an ErrWrong.
func (w *wrongOrder) Is(target error) bool { return target == ErrWrong }

func wrong(format string, args ...any) error { return &wrongOrder{fmt.Sprintf(format, args...)} }

var scpLike = regexp.MustCompile(`^(?:[A-Za-z0-9._-]+@)?([A-Za-z0-9._-]+):([^/].*|/.*)$`)

const writeURL = "write https://HOST/PATH, ssh://USER@HOST/PATH or USER@HOST:PATH"

// An address is where a repository is.
type address struct {
	scheme string // http, https, ssh or file
	host   string
	path   string // without slashes around it, and without .git
}

// parseAddress checks the URL of a repository. No error shows it.
func parseAddress(text string, local bool) (*address, error) {
	if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsGraphic(r) }) {
		return nil, wrong("the URL of the repository has a character that cannot be printed: %s", writeURL)
	}
	if filepath.IsAbs(text) && local {
		return &address{scheme: "file", path: text}, nil
	}
	if !strings.Contains(text, "://") {
		m := scpLike.FindStringSubmatch(text)
		if m == nil {
			return nil, wrong("the URL of the repository is none: %s", writeURL)
		}
		return &address{scheme: "ssh", host: m[1], path: repository(m[2])}, nil
	}
	u, err := url.Parse(text)
	if err != nil {
		return nil, wrong("the URL of the repository cannot be read: %s", writeURL)
	}
	_, password := u.User.Password()
	switch {
	case u.Scheme != "https" && u.Scheme != "ssh" && (u.Scheme != "http" || !local):
		return nil, wrong("nothing is pushed by %q: %s", u.Scheme, writeURL)
	case password, u.User != nil && u.Scheme != "ssh":
		return nil, wrong("the URL of the repository holds credentials, which everybody could read: put them into the Secret")
	case u.Hostname() == "" || strings.Trim(u.Path, "/") == "" || u.RawQuery != "" || u.Fragment != "":
		return nil, wrong("the URL of the repository has no path, or more than one: %s", writeURL)
	}
	return &address{scheme: u.Scheme, host: u.Host, path: repository(u.Path)}, nil
}

func repository(path string) string { return strings.TrimSuffix(strings.Trim(path, "/"), ".git") }

// open makes the link that an order goes by.
func (o *Order) open() (*link, *address, error) {
	a, err := parseAddress(o.URL, o.Local)
	if err != nil {
		return nil, nil, err
	}
	l := &link{}
	switch a.scheme {
	case "file":
		l.client = file.NewClient(transport.UploadPackServiceName, transport.ReceivePackServiceName)
	case "ssh":
		l.client = gitssh.NewClient(nil)
		l.auth, err = o.sshAuth()
	default:
		l.client, l.auth, err = o.httpAuth()
	}
	if err != nil {
		return nil, nil, err
	}
	if l.endpoint, err = transport.NewEndpoint(o.URL); err != nil {
		return nil, nil, wrong("the URL of the repository cannot be read: %s", writeURL)
	}
	return l, a, nil
}

// text returns a credential without the line break that editors leave at its end.
func (o *Order) text(key string) string { return strings.TrimRight(string(o.Credentials[key]), "\r\n") }

func (o *Order) httpAuth() (transport.Transport, transport.AuthMethod, error) {
	client, err := o.httpClient()
	if err != nil {
		return nil, nil, err
	}
	t := githttp.NewClient(client)
	user, password, token := o.text("username"), o.text("password"), o.text("token")
	switch {
	case token != "" && password != "":
		return nil, nil, wrong("the Secret has a password and a token: leave one of them out")
	case token != "" && user == "":
		return t, &githttp.BasicAuth{Username: "x-access-token", Password: token}, nil // forges look only at the token
	case token != "":
		return t, &githttp.BasicAuth{Username: user, Password: token}, nil
	case password != "" && user == "":
		return nil, nil, wrong("the Secret has a password and no username")
	case password != "":
		return t, &githttp.BasicAuth{Username: user, Password: password}, nil
	}
	return t, nil, nil
}

// httpClient trusts ca.crt beside the authorities of the system, and follows a
// server only to itself.
func (o *Order) httpClient() (*http.Client, error) {
	var roots *x509.CertPool
	if text := o.Credentials["ca.crt"]; len(text) > 0 {
		var err error
		if roots, err = x509.SystemCertPool(); err != nil {
			roots = x509.NewCertPool()
		}
		if !roots.AppendCertsFromPEM(text) {
			return nil, wrong("ca.crt in the Secret holds no certificate: it begins with -----BEGIN CERTIFICATE-----")
		}
	}
	return &http.Client{
		CheckRedirect: sameHost,
		Transport: &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			TLSClientConfig:        &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout:    20 * time.Second,
			ResponseHeaderTimeout:  time.Minute,
			MaxResponseHeaderBytes: 1 << 20,
			ForceAttemptHTTP2:      true,
			MaxIdleConns:           4,
			IdleConnTimeout:        10 * time.Second,
		},
	}, nil
}

func sameHost(next *http.Request, via []*http.Request) error {
	first := via[0].URL
	switch {
	case len(via) >= 5:
		return errors.New("the server sends us on and on")
	case next.URL.Host != first.Host || next.URL.Scheme != first.Scheme:
		return fmt.Errorf("the server sends us to %s://%s: if that is meant, change the URL", next.URL.Scheme, next.URL.Host)
	}
	return nil
}

func (o *Order) sshAuth() (transport.AuthMethod, error) {
	key, hosts := o.Credentials["identity"], o.Credentials["known_hosts"]
	switch {
	case len(key) == 0:
		return nil, wrong("SSH wants a private key: put it into the Secret as identity")
	case len(hosts) == 0:
		return nil, wrong("SSH wants to know the server: put the output of ssh-keyscan, checked, into the Secret as known_hosts")
	}
	signer, err := ssh.ParsePrivateKey(key)
	var locked *ssh.PassphraseMissingError
	if errors.As(err, &locked) {
		if signer, err = ssh.ParsePrivateKeyWithPassphrase(key, []byte(o.text("password"))); err != nil {
			return nil, wrong("the identity in the Secret has a passphrase, which password in it does not open")
		}
	}
	if err != nil {
		return nil, wrong("the identity in the Secret is no SSH private key")
	}
	callback, algorithms, err := known(hosts)
	if err != nil {
		return nil, err
	}
	user := "git"
	if e, err := transport.NewEndpoint(o.URL); err == nil && e.User != "" {
		user = e.User
	}
	return &keys{&gitssh.PublicKeys{User: user, Signer: signer, HostKeyCallbackHelper: gitssh.HostKeyCallbackHelper{
		HostKeyCallback: callback, HostKeyAlgorithms: algorithms,
	}}}, nil
}

// keys bound how long it takes to connect.
type keys struct{ *gitssh.PublicKeys }

// ClientConfig is what the library connects with.
func (k *keys) ClientConfig() (*ssh.ClientConfig, error) {
	c, err := k.PublicKeys.ClientConfig()
	if err == nil {
		c.Timeout = 30 * time.Second
	}
	return c, err
}

// known reads known hosts, and which kinds of keys they have. The library reads
// files only.
func known(hosts []byte) (ssh.HostKeyCallback, []string, error) {
	f, err := os.CreateTemp("", "known-hosts-")
	if err != nil {
		return nil, nil, fmt.Errorf("read known_hosts: %w", err)
	}
	defer os.Remove(f.Name())
	if _, err := f.Write(hosts); err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	if err := f.Close(); err != nil {
		return nil, nil, err
	}
	callback, err := knownhosts.New(f.Name())
	if err != nil {
		return nil, nil, wrong("known_hosts in the Secret cannot be read: it has lines of HOST TYPE KEY")
	}
	var kinds []string
	for rest := hosts; ; {
		_, _, key, _, next, err := ssh.ParseKnownHosts(rest)
		if err != nil {
			break
		}
		if rest = next; key.Type() == ssh.KeyAlgoRSA {
			kinds = append(kinds, ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256)
		} else {
			kinds = append(kinds, key.Type())
		}
	}
	return callback, kinds, nil
}

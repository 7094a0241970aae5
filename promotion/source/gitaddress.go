package source

import (
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"unicode"
)

// An address is where a git repository is.
type address struct {
	scheme     string // http, https, ssh or file
	user       string // of SSH
	host, port string
	path       string
	shown      string // as a user would write it, without credentials
}

// scpLike matches USER@HOST:PATH.
var scpLike = regexp.MustCompile(`^(?:([A-Za-z0-9._-]+)@)?([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):([^/].*|/.*)$`)

const writeURL = "write https://HOST/PATH, ssh://USER@HOST/PATH or USER@HOST:PATH"

// parseAddress reads the URL of a repository. Messages show no URL that could
// hold a credential.
func parseAddress(text string, local bool) (*address, error) {
	if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsGraphic(r) }) {
		return nil, rejected("the URL of the repository has a character that cannot be printed: %s", writeURL)
	}
	if !strings.Contains(text, "://") {
		if filepath.IsAbs(text) {
			return localAddress(text, local)
		}
		m := scpLike.FindStringSubmatch(text)
		if m == nil {
			return nil, rejected("the URL of the repository is none: %s", writeURL)
		}
		return &address{scheme: "ssh", user: orGit(m[1]), host: strings.Trim(m[2], "[]"), port: "22", path: m[3], shown: text}, nil
	}
	u, err := url.Parse(text)
	if err != nil { // whose message shows the URL
		return nil, rejected("the URL of the repository cannot be read: %s", writeURL)
	}
	a := &address{scheme: strings.ToLower(u.Scheme), host: u.Hostname(), port: u.Port(), path: u.Path}
	switch {
	case a.scheme == "file":
		return localAddress(u.Path, local)
	case a.scheme != "http" && a.scheme != "https" && a.scheme != "ssh":
		return nil, rejected("no repository is fetched by %s: %s", u.Scheme, writeURL)
	case a.host == "" || strings.Trim(a.path, "/") == "":
		return nil, rejected("the URL of the repository has no host or no path: %s", writeURL)
	case u.RawQuery != "" || u.Fragment != "" || u.ForceQuery:
		return nil, rejected("the URL of the repository has a ? or a #: a branch or tag is named by ref, and credentials lie in the Secret of the source")
	}
	if a.scheme == "ssh" {
		return sshAddress(a, u)
	}
	if u.User != nil {
		return nil, rejected("the URL of the repository holds credentials, which everybody could read: put them into the Secret of the source")
	}
	a.shown = (&url.URL{Scheme: a.scheme, Host: u.Host, Path: u.Path}).String()
	return a, nil
}

func sshAddress(a *address, u *url.URL) (*address, error) {
	if _, ok := u.User.Password(); ok {
		return nil, rejected("the URL of the repository holds a password, which everybody could read: SSH wants a key, as identity in the Secret of the source")
	}
	a.user = orGit(u.User.Username())
	a.shown = (&url.URL{Scheme: a.scheme, User: u.User, Host: u.Host, Path: u.Path}).String()
	if a.port == "" {
		a.port = "22"
	}
	if strings.HasPrefix(a.path, "/~") {
		a.path = a.path[1:]
	}
	return a, nil
}

func localAddress(path string, allowed bool) (*address, error) {
	if !allowed {
		return nil, rejected("no folder of this machine is a source: %s", writeURL)
	}
	return &address{scheme: "file", path: path, shown: path}, nil
}

func orGit(user string) string {
	if user == "" {
		return "git"
	}
	return user
}

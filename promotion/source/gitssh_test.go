package source_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/promotion/source"
)

// An sshd lets in who has a key, and runs git-upload-pack.
type sshd struct {
	addr     string
	host     ssh.Signer
	identity []byte
}

func newSSHD(t *testing.T, silent bool) *sshd {
	t.Helper()
	_, hostKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, userKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	host, err := ssh.NewSignerFromKey(hostKey)
	if err != nil {
		t.Fatal(err)
	}
	user, err := ssh.NewSignerFromKey(userKey)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(userKey, "")
	if err != nil {
		t.Fatal(err)
	}
	config := &ssh.ServerConfig{PublicKeyCallback: func(c ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
		if c.User() != "git" || !bytes.Equal(key.Marshal(), user.PublicKey().Marshal()) {
			return nil, errors.New("who is that")
		}
		return nil, nil
	}}
	config.AddHostKey(host)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			if silent {
				t.Cleanup(func() { conn.Close() })
				continue
			}
			go serveSSH(conn, config)
		}
	}()
	return &sshd{addr: l.Addr().String(), host: host, identity: pem.EncodeToMemory(block)}
}

func serveSSH(conn net.Conn, config *ssh.ServerConfig) {
	defer conn.Close()
	_, channels, requests, err := ssh.NewServerConn(conn, config)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for c := range channels {
		channel, requests, err := c.Accept()
		if err != nil {
			return
		}
		for q := range requests {
			if q.Type != "exec" {
				_ = q.Reply(false, nil)
				continue
			}
			_ = q.Reply(true, nil)
			cmd := exec.Command("sh", "-c", string(q.Payload[4:]))
			cmd.Stdout, cmd.Stderr = channel, channel.Stderr()
			in, err := cmd.StdinPipe()
			if err != nil {
				return
			}
			go func() { // it may end before all was read
				_, _ = io.Copy(in, channel)
				_ = in.Close()
			}()
			_ = cmd.Run()
			_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{0}))
			_ = channel.Close()
			break
		}
	}
}

func (s *sshd) options() source.Options {
	return source.Options{Credentials: map[string][]byte{
		"identity":    s.identity,
		"known_hosts": []byte(knownhosts.Line([]string{knownhosts.Normalize(s.addr)}, s.host.PublicKey()) + "\n"),
	}}
}

func TestSSH(t *testing.T) {
	tidy(t)
	r := newRepo(t, plain)
	quoted := filepath.Join(filepath.Dir(r.bare), "it's here.git")
	if err := os.Rename(r.bare, quoted); err != nil {
		t.Fatal(err)
	}
	s := newSSHD(t, false)
	src := v1alpha1.Source{Git: &v1alpha1.GitSource{URL: "ssh://git@" + s.addr + strings.ReplaceAll(quoted, " ", "%20"), Path: "charts/etl"}}
	found := poll(t, src, "", s.options())
	if !bytes.Equal(archive(t, found.Package), packed(t, filepath.Join(r.tree, "charts", "etl"))) {
		t.Error("it is another package than that of a clone")
	}
	if again := poll(t, src, found.Revision, s.options()); again.Package != nil {
		t.Error("fetched again")
	}
}

func TestSSHRefuses(t *testing.T) {
	tidy(t)
	r := newRepo(t, plain)
	s, other := newSSHD(t, false), newSSHD(t, false)
	src := v1alpha1.Source{Git: &v1alpha1.GitSource{URL: "ssh://git@" + s.addr + r.bare, Path: "charts/etl"}}
	for want, change := range map[string]func(map[string][]byte){
		"SSH wants a private key: put one as identity":                                                      func(c map[string][]byte) { delete(c, "identity") },
		"SSH wants the key of the host, or anybody could pose as it: put what ssh-keyscan 127.0.0.1 prints": func(c map[string][]byte) { delete(c, "known_hosts") },
		"identity in the Secret of the source is no private key of SSH":                                     func(c map[string][]byte) { c["identity"] = []byte("s3cr3t") },
		"known_hosts in the Secret of the source cannot be read":                                            func(c map[string][]byte) { c["known_hosts"] = []byte("x ssh-ed25519 junk\n") },
	} {
		o := s.options()
		change(o.Credentials)
		rejects(t, src, o, want)
	}
	for want, change := range map[string]func(map[string][]byte){
		"does not let git in with the identity of the Secret of the source": func(c map[string][]byte) { c["identity"] = other.identity },
		"known_hosts in the Secret of the source has no key of " + s.addr:   func(c map[string][]byte) { c["known_hosts"] = other.options().Credentials["known_hosts"] },
		s.addr + " has another key than known_hosts": func(c map[string][]byte) {
			c["known_hosts"] = []byte(knownhosts.Line([]string{knownhosts.Normalize(s.addr)}, other.host.PublicKey()))
		},
	} {
		o := s.options()
		change(o.Credentials)
		refuses(t, src, o, want)
	}
	src.Git.URL = "ssh://git@" + s.addr + "/nowhere.git"
	refuses(t, src, s.options(), "the server says: fatal: '/nowhere.git' does not appear to be a git repository")
}

func TestSSHHangs(t *testing.T) {
	tidy(t)
	before := runtime.NumGoroutine()
	s := newSSHD(t, true)
	ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errors.New("no time left"))
	defer cancel()
	src := v1alpha1.Source{Git: &v1alpha1.GitSource{URL: "ssh://git@" + s.addr + "/x.git"}}
	if _, err := source.Poll(ctx, src, "", s.options()); err == nil || !strings.Contains(err.Error(), "no time left") {
		t.Errorf("%v", err)
	}
	settled(t, before+1) // the one that listens
}

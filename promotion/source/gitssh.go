package source

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/skeema/knownhosts"
	"golang.org/x/crypto/ssh"
)

// openSSH runs git-upload-pack on another machine. The key of the host must be
// known, and who we are is what the Secret holds: no agent, no file of a home.
func openSSH(ctx context.Context, a *address, c credentials, dir string) (wire, error) {
	config, err := sshConfig(a, c, dir)
	if err != nil {
		return nil, err
	}
	target := net.JoinHostPort(a.host, a.port)
	var d net.Dialer
	raw, err := d.DialContext(ctx, "tcp", target)
	if err != nil {
		return nil, fmt.Errorf("reach %s: %w", target, orCause(ctx, err))
	}
	// The library knows no contexts: what ends one ends the connection.
	stop := context.AfterFunc(ctx, func() { _ = raw.Close() })
	conn, channels, requests, err := ssh.NewClientConn(raw, target, config)
	if err != nil {
		stop()
		_ = raw.Close()
		return nil, sshError(ctx, target, a.user, err)
	}
	client := ssh.NewClient(conn, channels, requests)
	done := func() {
		stop()
		_ = client.Close()
	}
	w, err := upload(client, a.path)
	if err != nil {
		done()
		return nil, fmt.Errorf("reach %s: %w", target, orCause(ctx, err))
	}
	w.done = done
	return w, nil
}

func upload(client *ssh.Client, path string) (*stream, error) {
	s, err := client.NewSession()
	if err != nil {
		return nil, err
	}
	in, err := s.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := s.StdoutPipe()
	if err != nil {
		return nil, err
	}
	var r remark
	s.Stderr = &r
	told := func() string {
		_ = s.Wait() // until all was said; what the program ends with is told by that
		return string(r.text)
	}
	return &stream{in: in, out: out, told: told}, s.Start("git-upload-pack " + quote(path))
}

// quote makes one word of a path for the shell of another machine.
func quote(path string) string {
	return "'" + strings.NewReplacer("'", `'\''`, "!", `'\!'`).Replace(path) + "'"
}

func sshConfig(a *address, c credentials, dir string) (*ssh.ClientConfig, error) {
	if len(c[keyIdentity]) == 0 {
		return nil, rejected("SSH wants a private key: put one as identity into the Secret of the source")
	}
	if len(c[keyKnownHosts]) == 0 {
		return nil, rejected("SSH wants the key of the host, or anybody could pose as it: put what ssh-keyscan %s prints, once it was compared with what the host says of itself, as known_hosts into the Secret of the source", a.host)
	}
	signer, err := ssh.ParsePrivateKey(c[keyIdentity])
	var locked *ssh.PassphraseMissingError
	if errors.As(err, &locked) {
		if len(c[keyPassword]) == 0 {
			return nil, rejected("identity in the Secret of the source is locked: add its passphrase as password")
		}
		signer, err = ssh.ParsePrivateKeyWithPassphrase(c[keyIdentity], []byte(c.text(keyPassword)))
	}
	if err != nil { // whose message may show some of it
		return nil, rejected("identity in the Secret of the source is no private key of SSH, or its passphrase is another one than password")
	}
	file := filepath.Join(dir, "known_hosts")
	if err := os.WriteFile(file, c[keyKnownHosts], 0o600); err != nil {
		return nil, err
	}
	db, err := knownhosts.NewDB(file)
	if err != nil {
		return nil, rejected("known_hosts in the Secret of the source cannot be read: its lines are like those of ssh-keyscan %s", a.host)
	}
	target := net.JoinHostPort(a.host, a.port)
	return &ssh.ClientConfig{
		User: a.user, Auth: []ssh.AuthMethod{ssh.PublicKeys(signer)},
		HostKeyCallback: db.HostKeyCallback(), HostKeyAlgorithms: db.HostKeyAlgorithms(target),
	}, nil
}

func sshError(ctx context.Context, target, user string, err error) error {
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("reach %s: %w", target, context.Cause(ctx))
	case knownhosts.IsHostKeyChanged(err):
		return fmt.Errorf("%s has another key than known_hosts in the Secret of the source says: it was changed, or somebody poses as it", target)
	case knownhosts.IsHostUnknown(err):
		return fmt.Errorf("known_hosts in the Secret of the source has no key of %s: add what ssh-keyscan prints of it", target)
	case strings.Contains(err.Error(), "unable to authenticate"):
		return fmt.Errorf("%s does not let %s in with the identity of the Secret of the source", target, user)
	}
	return fmt.Errorf("reach %s: %s", target, oneLine(err.Error()))
}

func orCause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

package pin

import (
	"encoding/pem"
	"errors"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
)

// serveSSH serves repositories as a forge does: real git, behind a server of SSH
// in this process that lets one key in. It returns host:port and a line of
// known_hosts.
func serveSSH(t *testing.T, allowed ssh.PublicKey) (string, string) {
	t.Helper()
	host, err := ssh.NewSignerFromKey(edKey(t))
	if err != nil {
		t.Fatal(err)
	}
	config := &ssh.ServerConfig{PublicKeyCallback: func(c ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
		if c.User() != "git" || string(key.Marshal()) != string(allowed.Marshal()) {
			return nil, errors.New("who is that?")
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
			c, err := l.Accept()
			if err != nil {
				return
			}
			go serveConn(c, config)
		}
	}()
	at := l.Addr().(*net.TCPAddr)
	line := "[127.0.0.1]:" + strings.TrimPrefix(at.String(), "127.0.0.1:") + " " + string(ssh.MarshalAuthorizedKey(host.PublicKey()))
	return at.String(), line
}

func serveConn(c net.Conn, config *ssh.ServerConfig) {
	defer c.Close()
	_, channels, requests, err := ssh.NewServerConn(c, config)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for n := range channels {
		ch, requests, err := n.Accept()
		if err != nil {
			return
		}
		go func() {
			defer ch.Close()
			for r := range requests {
				var command struct{ Text string }
				if r.Type != "exec" || ssh.Unmarshal(r.Payload, &command) != nil {
					_ = r.Reply(false, nil)
					continue
				}
				_ = r.Reply(true, nil)
				p := exec.Command("sh", "-c", command.Text)
				p.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull)
				p.Stdin, p.Stdout, p.Stderr = ch, ch, ch.Stderr()
				status := struct{ Code uint32 }{}
				if p.Run() != nil {
					status.Code = 1
				}
				_, _ = ch.SendRequest("exit-status", false, ssh.Marshal(&status))
				return
			}
		}()
	}
}

func TestCommitBySSH(t *testing.T) {
	h := newHub(t)
	key := edKey(t)
	private, _ := sshKey(t, key)
	public, err := ssh.NewPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	at, hosts := serveSSH(t, public)
	locked, err := ssh.MarshalPrivateKeyWithPassphrase(key, "", []byte("hunter2"))
	if err != nil {
		t.Fatal(err)
	}
	o := h.order("a")
	o.URL = "ssh://git@" + at + h.dir
	o.Credentials = map[string][]byte{"identity": private, "known_hosts": []byte(hosts)}
	r, err := Commit(t.Context(), o)
	if err != nil || r.Commit != git(t, h.dir, "rev-parse", "main") {
		t.Fatalf("%+v, %v", r, err)
	}
	o.Pin.Digest = digest("b")
	o.Credentials["identity"], o.Credentials["password"] = pem.EncodeToMemory(locked), []byte("hunter2\n")
	if _, err := Commit(t.Context(), o); err != nil || !strings.Contains(h.show("main", place), digest("b")) {
		t.Errorf("with a passphrase: %v", err)
	}

	stranger, _ := sshKey(t, edKey(t))
	_, otherHost := serveSSH(t, public)
	otherKey := hosts[:strings.Index(hosts, " ")] + otherHost[strings.Index(otherHost, " "):]
	for name, c := range map[string]struct {
		credentials map[string][]byte
		want        string
	}{
		"a key that nobody knows":    {map[string][]byte{"identity": stranger, "known_hosts": []byte(hosts)}, "unable to authenticate"},
		"a host that is not known":   {map[string][]byte{"identity": private, "known_hosts": []byte(otherHost)}, "knownhosts: key is unknown"},
		"a host that is another one": {map[string][]byte{"identity": private, "known_hosts": []byte(otherKey)}, "knownhosts: key mismatch"},
		"no known hosts":             {map[string][]byte{"identity": private}, "SSH wants to know the server"},
	} {
		t.Run(name, func(t *testing.T) {
			o := o
			o.Credentials, o.Pin.Digest = c.credentials, digest("c")
			if _, err := Commit(t.Context(), o); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v; want %s", err, c.want)
			}
		})
	}
}

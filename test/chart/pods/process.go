package pods

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	authentication "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// A Pod is a process that runs a container.
type Pod struct {
	Name  string
	Ports map[string]string // HOST:PORT by the name of the port: webhook, metrics, hook, page

	process *exec.Cmd
	ended   chan struct{}

	mu  sync.Mutex
	log []string
}

// most is how many lines of the log are kept.
const most = 20_000

func (p *Pod) run(program string, args, env []string, more io.Writer) error {
	p.process = exec.Command(program, args...)
	p.process.Env = env
	stderr, err := p.process.StderrPipe()
	if err != nil {
		return err
	}
	if err := p.process.Start(); err != nil {
		return fmt.Errorf("run %s: %w", program, err)
	}
	go func() {
		defer close(p.ended)
		if more == nil {
			more = io.Discard
		}
		s := bufio.NewScanner(io.TeeReader(stderr, more))
		s.Buffer(nil, 4<<20)
		for s.Scan() {
			p.mu.Lock()
			if p.log = append(p.log, s.Text()); len(p.log) > most {
				p.log = p.log[len(p.log)-most/2:]
			}
			p.mu.Unlock()
		}
		io.Copy(more, stderr) // a line that is too long must not stop it
		p.process.Wait()
	}()
	return nil
}

// PID is the number of its process.
func (p *Pod) PID() int { return p.process.Process.Pid }

// Log returns the last lines that it logged.
func (p *Pod) Log() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.log...)
}

// Refused returns what it logged of rights that it lacks.
func (p *Pod) Refused() (lines []string) {
	for _, line := range p.Log() {
		if strings.Contains(line, "forbidden") {
			lines = append(lines, line)
		}
	}
	return lines
}

// Ended is closed once the process is over.
func (p *Pod) Ended() <-chan struct{} { return p.ended }

var client = &http.Client{Timeout: 3 * time.Second}

// Get asks its port of metrics.
func (p *Pod) Get(path string) (status int, text string, err error) {
	a, err := client.Get("http://" + p.Ports["metrics"] + path)
	if err != nil {
		return 0, "", err
	}
	defer a.Body.Close()
	b, err := io.ReadAll(a.Body)
	return a.StatusCode, string(b), err
}

// Ready returns nil if it says that it is ready.
func (p *Pod) Ready() error {
	select {
	case <-p.ended:
		return fmt.Errorf("%s is not ready: %w:\n%s", p.Name, errEnded, p.tail())
	default:
	}
	status, text, err := p.Get("/readyz")
	if err != nil {
		return fmt.Errorf("%s is not ready: %w", p.Name, err)
	}
	if status != http.StatusOK {
		return fmt.Errorf("%s is not ready: %s", p.Name, strings.TrimSpace(text))
	}
	return nil
}

func (p *Pod) tail() string {
	log := p.Log()
	return strings.Join(log[max(0, len(log)-20):], "\n")
}

// WaitReady waits until it is ready, has ended, or ctx is over.
func (p *Pod) WaitReady(ctx context.Context) error {
	for {
		err := p.Ready()
		if err == nil {
			return nil
		}
		select {
		case <-p.ended:
			return p.Ready()
		case <-ctx.Done():
			return fmt.Errorf("%w: %w\n%s", ctx.Err(), err, p.tail())
		case <-time.After(20 * time.Millisecond): // nothing tells of it
		}
	}
}

// Stop tells it to end, as a kubelet does, and waits until it has. Where ctx is
// over first, it is killed.
func (p *Pod) Stop(ctx context.Context) error {
	if err := p.process.Process.Signal(syscall.SIGTERM); err != nil {
		return nil // it is over
	}
	select {
	case <-p.ended:
	case <-ctx.Done():
		p.Kill()
		return fmt.Errorf("end %s: %w", p.Name, ctx.Err())
	}
	if code := p.process.ProcessState.ExitCode(); code != 0 {
		return fmt.Errorf("%s ended with %d:\n%s", p.Name, code, p.tail())
	}
	return nil
}

// Kill ends it at once, as a node does that goes down.
func (p *Pod) Kill() {
	p.process.Process.Kill()
	<-p.ended
}

// day is how long a token lasts; a kubelet would renew it.
const day int64 = 24 * 60 * 60

// account writes a kubeconfig of a service account, with nothing but its token.
func (r Release) account(ctx context.Context, set *kubernetes.Clientset, dir, name string, o Options) (string, error) {
	lasts := day
	answer, err := set.CoreV1().ServiceAccounts(r.namespace()).CreateToken(ctx, name,
		&authentication.TokenRequest{Spec: authentication.TokenRequestSpec{ExpirationSeconds: &lasts}}, metav1.CreateOptions{})
	if err != nil {
		return "", fmt.Errorf("get a token of %s: %w", name, err)
	}
	k, err := clientcmd.LoadFromFile(r.Kubeconfig)
	if err != nil {
		return "", err
	}
	for name := range k.AuthInfos {
		k.AuthInfos[name] = &clientcmdapi.AuthInfo{Token: answer.Status.Token}
	}
	for _, c := range k.Clusters {
		if o.Server != "" {
			c.Server = o.Server
		}
		if o.CA != nil {
			c.CertificateAuthority, c.CertificateAuthorityData = "", o.CA
		}
	}
	path := filepath.Join(dir, "kubeconfig")
	if err := clientcmd.WriteToFile(*k, path); err != nil {
		return "", err
	}
	return path, os.Chmod(path, 0o600)
}

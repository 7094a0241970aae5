package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/tiphys-dev/tiphys/test/chart/pods"
	"github.com/tiphys-dev/tiphys/test/standin"
)

// A stage is the process beside: it holds the temporary folder, the API server,
// the pods of the chart and the stand-in for the workflow engine.
type stage struct {
	dir     string
	process *exec.Cmd
	stdin   io.Closer     // the stage ends when this is closed, by us or with us
	ready   chan struct{} // the API server answers
	ended   chan struct{}
}

// startStage starts one. The API server is not ready yet.
func startStage(o options) (*stage, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	s := &stage{ready: make(chan struct{}), ended: make(chan struct{})}
	s.process = exec.Command(self, "--stage", "--root", o.root, "--bin", o.bin)
	s.process.Stderr = os.Stderr
	// What ends us, such as Ctrl-C, must not end it before it has cleaned up.
	s.process.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if s.stdin, err = s.process.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := s.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.process.Start(); err != nil {
		return nil, fmt.Errorf("start what runs beside: %w", err)
	}
	said := bufio.NewScanner(out)
	if !said.Scan() {
		return nil, errors.Join(errors.New("what runs beside does not start"), s.process.Wait())
	}
	s.dir = said.Text()
	go func() {
		defer close(s.ended)
		if said.Scan() {
			close(s.ready)
		}
		io.Copy(io.Discard, out)
		s.process.Wait()
	}()
	return s, nil
}

// stop ends it, and waits until all of it is gone.
func (s *stage) stop() error {
	s.stdin.Close()
	select {
	case <-s.ended:
		return nil
	case <-time.After(30 * time.Second):
		return errors.New("what runs beside should have ended within half a minute")
	}
}

func (s *stage) path(name string) string { return filepath.Join(s.dir, name) }

// address returns where a port of a pod is served, like that of the page.
func (s *stage) address(port string) string {
	text, _ := os.ReadFile(s.path(port + ".address"))
	return string(text)
}

// logs prints the last lines of all that runs beside.
func (s *stage) logs(out io.Writer) {
	for _, name := range []string{"pods/webhook.log", "pods/controller.log", "cluster/apiserver.log"} {
		text, err := os.ReadFile(s.path(name))
		if err != nil {
			continue
		}
		all := strings.Split(strings.TrimRight(string(text), "\n"), "\n")
		fmt.Fprintf(out, "\nthe end of %s:\n%s\n", filepath.Base(name), strings.Join(all[max(0, len(all)-15):], "\n"))
	}
}

// broken is in the workflows that fail: the version of a program that docs/demo.md
// tells of.
const broken = "etl:1.5.0"

// beside is what the process beside does. It prints its folder, and "ready" when
// the API server is.
func beside(ctx context.Context, o options) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	dir, err := os.MkdirTemp("", "tiphys-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	fmt.Println(dir)
	api, kubeconfig, err := startAPIServer(ctx, o, filepath.Join(dir, "cluster"))
	if err != nil {
		return err
	}
	defer api.stop()
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	d := standin.Deployments{
		Release: pods.Release{
			Kubeconfig: kubeconfig, Namespace: "tiphys", Dir: filepath.Join(dir, "pods"),
			Webhook: filepath.Join(o.bin, "tiphys-webhook"), Controller: filepath.Join(o.bin, "tiphys-controller"),
		},
		Local:   true,
		Address: func(port, address string) { os.WriteFile(filepath.Join(dir, port+".address"), []byte(address), 0o600) },
		Log:     os.Stderr,
	}
	fmt.Println("ready")
	failed := make(chan error, 2)
	var all sync.WaitGroup
	all.Go(func() { failed <- d.Run(ctx) })
	all.Go(func() { failed <- standin.Workflows(ctx, config, broken) })
	defer all.Wait()
	defer cancel()
	select {
	case <-ctx.Done():
		return nil
	case <-api.ended:
		return errors.New("the API server has ended by itself")
	case err := <-failed:
		return err
	}
}

// An apiServer is the process of test/controlplane.
type apiServer struct {
	process *exec.Cmd
	stdin   io.Closer
	ended   chan struct{}
}

// startAPIServer starts it, and waits until it is ready.
func startAPIServer(ctx context.Context, o options, dir string) (*apiServer, string, error) {
	a := &apiServer{process: exec.Command(o.tool("controlplane"), "--dir", dir), ended: make(chan struct{})}
	var err error
	if a.stdin, err = a.process.StdinPipe(); err != nil {
		return nil, "", err
	}
	out, err := a.process.StdoutPipe()
	if err != nil {
		return nil, "", err
	}
	if err := a.process.Start(); err != nil {
		return nil, "", fmt.Errorf("start the API server: %w", err)
	}
	said := make(chan string, 1)
	go func() {
		defer close(a.ended)
		line, _ := bufio.NewReader(out).ReadString('\n')
		said <- strings.TrimSpace(line)
		a.process.Wait()
	}()
	select {
	case kubeconfig := <-said:
		if kubeconfig == "" {
			return nil, "", errors.New("the API server does not start")
		}
		return a, kubeconfig, nil
	case <-ctx.Done():
		a.stop()
		return nil, "", ctx.Err()
	}
}

func (a *apiServer) stop() {
	a.stdin.Close()
	select {
	case <-a.ended:
	case <-time.After(5 * time.Second):
		a.process.Process.Kill()
		<-a.ended
	}
}

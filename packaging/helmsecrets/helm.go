package helmsecrets

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

// helm runs helm with these arguments, and with the encrypted files among them
// opened.
func (p *plugin) helm(ctx context.Context, args []string) error {
	if slices.Contains(takingValues(), args[0]) && asksForHelp(args[1:]) {
		return p.print(strings.ReplaceAll(usageOfCommand, "COMMAND", args[0]))
	}
	h := &handover{pipes: p.pipes}
	defer h.close()
	args, err := rewrite(args, p.replacer(ctx, h))
	if err != nil {
		return err
	}
	if len(h.files) > 0 && (args[0] == "upgrade" || args[0] == "install") {
		p.note("helm stores the values that it gets in its release record, where helm get values shows them; tiphys upgrade does not")
	}
	return p.start(ctx, args, h)
}

// takingValues are the commands of helm that this plugin is made for.
func takingValues() []string { return []string{"install", "upgrade", "template", "lint", "diff"} }

func asksForHelp(args []string) bool {
	return len(args) == 0 || len(args) == 1 && (args[0] == "--help" || args[0] == "-h")
}

// replacer returns what opens the file at a place, and says where helm finds
// the text of it. Helm gets what it can read itself as it is written.
func (p *plugin) replacer(ctx context.Context, h *handover) replacer {
	return func(written string) (string, error) {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		if strings.TrimSpace(written) == "-" {
			return written, nil
		}
		at, err := parsePlace(written)
		if err != nil {
			return "", err
		}
		switch scheme := at.scheme(); {
		case scheme == "", scheme == "http", scheme == "https":
		case at.ours:
			return "", fmt.Errorf("%s: the scheme %s:// is read by helm, and not by this plugin: download the file first", written, scheme)
		default:
			p.note("%s is read by helm, so it is not decrypted", written)
			return written, nil
		}
		t, err := p.read(ctx, at)
		switch {
		case errors.Is(err, errMissing) && (at.optional || p.ignoreMissing):
			return os.DevNull, nil
		case err != nil:
			return "", err
		case t.encrypted:
			return h.add(t.text)
		}
		return at.file, nil
	}
}

// program is the helm to run: the one that runs us, unless the environment
// names another.
func program() (string, error) {
	for _, name := range []string{"HELM_SECRETS_HELM_PATH", "HELM_BIN"} {
		if bin := os.Getenv(name); bin != "" {
			path, err := exec.LookPath(bin)
			if err != nil {
				return "", fmt.Errorf("find helm by %s: %w", name, err)
			}
			return path, nil
		}
	}
	path, err := exec.LookPath("helm")
	if err != nil {
		return "", fmt.Errorf("find helm: %w", err)
	}
	return path, nil
}

// start runs helm to its end, whatever signals arrive: they are for helm, which
// may have a release to leave in order.
func (p *plugin) start(ctx context.Context, args []string, h *handover) error {
	path, err := program()
	if err != nil {
		return err
	}
	c := exec.Command(path, args...)
	c.Stdin, c.Stdout, c.Stderr, c.ExtraFiles = p.In, p.Out, p.Err, h.files

	signals := make(chan os.Signal, 4)
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(s) { // as nohup has it
			signal.Notify(signals, s)
		}
	}
	defer signal.Stop(signals)
	if err := ctx.Err(); err != nil { // one that came before we listened
		return err
	}
	if err := c.Start(); err != nil {
		return fmt.Errorf("start helm: %w", err)
	}
	h.started()
	ended := make(chan struct{})
	go forward(signals, c.Process, ended)
	err = c.Wait()
	close(ended)
	var failed *exec.ExitError
	switch {
	case errors.As(err, &failed):
		return &ExitError{exitCode(failed.ProcessState)}
	case err != nil:
		return fmt.Errorf("run helm: %w", err)
	}
	return nil
}

// parentTime is how often we look whether the helm that runs us is there.
const parentTime = 200 * time.Millisecond

// forward tells helm of signals. When the helm that runs us as its plugin is
// gone, it was ended by one, of which it told nobody: a CI job that is
// cancelled. Then it is for us to tell the helm that does the work.
func forward(signals <-chan os.Signal, helm *os.Process, ended <-chan struct{}) {
	parent := os.Getppid()
	look := time.NewTicker(parentTime)
	defer look.Stop()
	if os.Getenv("HELM_PLUGIN_DIR") == "" { // run by a person or a script, who may go
		look.Stop()
	}
	for {
		select {
		case s := <-signals:
			helm.Signal(s) // it may have ended
		case <-look.C:
			if os.Getppid() != parent {
				helm.Signal(syscall.SIGTERM)
				look.Stop()
			}
		case <-ended:
			return
		}
	}
}

// exitCode is that of a shell: 128 and more for a process that a signal ended.
func exitCode(s *os.ProcessState) int {
	if status, ok := s.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return s.ExitCode()
}

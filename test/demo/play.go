package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// A player runs the steps of a page and shows them.
type player struct {
	options
	stage  *stage
	out    io.Writer
	in     <-chan struct{} // a line was typed; closed when nobody types any more
	paint  paint
	secret []string
	began  time.Time
	took   []string // a line for each chapter
}

func (p *player) play(ctx context.Context, page *page) error {
	if err := p.prepare(); err != nil {
		return fmt.Errorf("prepare the demonstration: %w", err)
	}
	for _, c := range page.chapters {
		began := time.Now()
		fmt.Fprintf(p.out, "\n%s\n", p.paint.title(c.title))
		for _, part := range c.parts {
			if err := p.part(ctx, part); err != nil {
				return err
			}
		}
		if numbered(c.title) {
			p.took = append(p.took, fmt.Sprintf("%4.0fs  %s", time.Since(began).Seconds(), c.title))
		}
	}
	fmt.Fprintf(p.out, "\n%s\n%s\n%4.0fs  in all\n", p.paint.title("How long it took"), strings.Join(p.took, "\n"), time.Since(p.began).Seconds())
	return nil
}

// prepare lays out the folder that commands run in: what a team has, and programs
// by the names that people type.
func (p *player) prepare() error {
	for _, dir := range []string{"bin", "home", "tmp", "work"} {
		if err := os.Mkdir(p.stage.path(dir), 0o700); err != nil {
			return err
		}
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	programs := map[string]string{browser: self, "helm": p.tool("helm3"), "kubectl": p.tool("kubectl"), "tiphys": filepath.Join(p.bin, "tiphys")}
	for name, path := range programs {
		if err := os.Symlink(path, filepath.Join(p.stage.path("bin"), name)); err != nil {
			return err
		}
	}
	if err := os.Symlink(p.root, p.stage.path("tiphys")); err != nil {
		return err
	}
	for _, dir := range []string{"charts/nightly-etl", "environments"} {
		if err := os.CopyFS(filepath.Join(p.stage.path("work"), dir), os.DirFS(filepath.Join(p.root, dir))); err != nil {
			return err
		}
	}
	sops, err := os.ReadFile(filepath.Join(p.root, ".sops.yaml"))
	if err != nil {
		return err
	}
	return os.WriteFile(p.stage.path("work/.sops.yaml"), sops, 0o600)
}

// environment is that of a fresh machine: nothing of who runs this counts.
func (p *player) environment() []string {
	env := []string{
		"PATH=" + p.stage.path("bin") + string(os.PathListSeparator) + os.Getenv("PATH"),
		"HOME=" + p.stage.path("home"),
		"TMPDIR=" + p.stage.path("tmp"),
		"KUBECONFIG=" + p.stage.path("cluster/kubeconfig"),
		"SOPS_AGE_KEY_FILE=" + p.stage.path("work/environments/dev.agekey"),
		"PAGE=http://" + p.stage.address("page"),
		"TZ=UTC", "GIT_CONFIG_NOSYSTEM=1",
	}
	return env
}

func (p *player) part(ctx context.Context, part part) error {
	switch {
	case part.cluster:
		return p.wait(ctx)
	case part.hidden != "":
		if out, code, err := p.run(ctx, part.hidden); err != nil || code != 0 {
			return errors.Join(err, fmt.Errorf("this should have worked, and ended with %d:\n%s\n%s", code, part.hidden, out))
		}
		return nil
	case part.step != nil:
		return p.step(ctx, part.step)
	default:
		fmt.Fprintf(p.out, "\n%s\n", wrap(part.text, 100))
		return nil
	}
}

// wait waits for the API server.
func (p *player) wait(ctx context.Context) error {
	select {
	case <-p.stage.ready:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-p.stage.ended:
		return errors.New("the API server does not start")
	}
}

// patience is for how long a step may be asked again.
const patience = 3 * time.Minute

// step shows a command and its answer, and reports what is not as it should be.
func (p *player) step(ctx context.Context, s *step) error {
	fmt.Fprintf(p.out, "\n%s\n", p.paint.command(s.command))
	began, asked := time.Now(), 0
	for {
		out, code, err := p.run(ctx, s.command)
		if err != nil {
			return err
		}
		asked++
		wrong := s.wrong(out, code)
		if wrong != nil && s.until && time.Since(began) < patience {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(200 * time.Millisecond): // nothing tells of it
			}
			continue
		}
		fmt.Fprint(p.out, p.paint.answer(out))
		if code != 0 {
			fmt.Fprintf(p.out, "(exit code %d)\n", code)
		}
		if took := time.Since(began); s.until && asked > 1 && took > time.Second {
			fmt.Fprintf(p.out, "(asked again until it was so, for %.0fs)\n", took.Seconds())
		}
		for _, secret := range p.secret {
			if strings.Contains(out, secret) {
				return errors.New("it must not say a secret")
			}
		}
		if wrong != nil {
			return wrong
		}
		return p.pause(ctx)
	}
}

func (s *step) wrong(out string, code int) error {
	if code != s.exit {
		return fmt.Errorf("the exit code of the last command should be %d, not %d", s.exit, code)
	}
	if !matches(s.want, out) {
		return fmt.Errorf("the last command should answer:\n%s", strings.Join(s.want, "\n"))
	}
	return nil
}

const goOn = "(Enter goes on) "

// pause waits until somebody presses Enter, where that was asked for.
func (p *player) pause(ctx context.Context) error {
	if os.Getenv("DEMO_PAUSE") == "" {
		return nil
	}
	fmt.Fprint(p.out, p.paint.faint(goOn))
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-p.in:
		return nil
	}
}

// run runs a command and returns what it printed. Where ctx ends before, so does
// the command, with all that it has started.
func (p *player) run(ctx context.Context, command string) (string, int, error) {
	var out strings.Builder
	c := exec.CommandContext(ctx, "sh", "-c", command)
	c.Dir, c.Env = p.stage.path("work"), p.environment()
	c.Stdout, c.Stderr = &out, &out
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGTERM) }
	c.WaitDelay = 5 * time.Second
	err := c.Run()
	var exited *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return "", 0, ctx.Err()
	case errors.As(err, &exited):
		return out.String(), exited.ExitCode(), nil
	}
	return out.String(), 0, err
}

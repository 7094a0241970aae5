package helmsecrets

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"github.com/tiphys-dev/tiphys/packaging/secrets"
	"github.com/tiphys-dev/tiphys/test/testbin"
)

// asHelm stands in for helm: it reads the files that it is given, and prints
// the other arguments.
const asHelm = "#!/bin/sh\nfor a; do case $a in /dev/fd/*) cat \"$a\";; *) echo \"$a\";; esac; done\n"

// scene makes a working directory with a key and a program in place of helm.
func scene(t *testing.T, helm string) {
	t.Helper()
	dir := t.TempDir()
	t.Chdir(dir)
	i, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	put(t, "key", i.String()+"\n")
	put(t, "helm", helm)
	t.Setenv("SOPS_AGE_KEY_FILE", filepath.Join(dir, "key"))
	t.Setenv("SOPS_AGE_RECIPIENTS", i.Recipient().String())
	t.Setenv("HELM_SECRETS_HELM_PATH", filepath.Join(dir, "helm"))
}

func put(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}

// seal returns a text as sops encrypts it in the file called name.
func seal(t *testing.T, name, text string) string {
	t.Helper()
	c := exec.Command(testbin.Sops(t), "encrypt", "--filename-override", name)
	c.Dir = t.TempDir() // where no .sops.yaml is above
	c.Stdin = strings.NewReader(text)
	out, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// run runs the plugin, and returns all that was printed.
func run(ctx context.Context, pipes bool, args ...string) (string, error) {
	var out bytes.Buffer
	err := Run(ctx, args, Options{Out: &out, Err: &out, pipes: pipes})
	return out.String(), err
}

func TestHandover(t *testing.T) {
	large := "a: " + strings.Repeat("x", 1_000_000) + "\n"
	for way, pipes := range map[string]bool{"memory": false, "pipes": true} {
		t.Run(way, func(t *testing.T) {
			scene(t, asHelm)
			put(t, "secrets.yaml", seal(t, "secrets.yaml", "a: one\n"))
			put(t, "large.yaml", seal(t, "large.yaml", large))
			got, err := run(t.Context(), pipes, "template", "-f", "secrets.yaml", "-f", "large.yaml", "end")
			if want := "template\n-f\na: one\n-f\n" + large + "end\n"; err != nil || got != want {
				t.Errorf("helm got %d bytes, %v, want %d", len(got), err, len(want))
			}

			// The last may be read first.
			got, err = run(t.Context(), pipes, "template", "-f", "large.yaml", "-f", "secrets.yaml", "end")
			if want := "template\n-f\n" + large + "-f\na: one\nend\n"; err != nil || got != want {
				t.Errorf("helm got %d bytes, %v, want %d", len(got), err, len(want))
			}

			// One that reads nothing, and one that reads a part.
			for _, helm := range []string{"exit 3", "head -c 10 $3 >/dev/null; exit 3"} {
				put(t, "helm", "#!/bin/sh\n"+helm+"\n")
				_, err = run(t.Context(), pipes, "template", "-f", "large.yaml")
				if code := (*ExitError)(nil); !errors.As(err, &code) || code.Code != 3 {
					t.Errorf("got %v, want exit code 3", err)
				}
			}

			// One that leaves a child behind, which keeps the file open.
			put(t, "helm", "#!/bin/sh\n(exec >/dev/null 2>&1; exec sleep 60) &\necho $! >pid\n")
			if _, err = run(t.Context(), pipes, "template", "-f", "large.yaml"); err != nil {
				t.Error(err)
			}
			pid, _ := os.ReadFile("pid")
			exec.Command("kill", strings.TrimSpace(string(pid))).Run()
		})
	}
}

// Helm would fill all memory with a device that never ends.
func TestDevices(t *testing.T) {
	if _, err := os.Stat("/dev/zero"); err != nil {
		t.Skip("there are no such devices here")
	}
	scene(t, asHelm)
	for _, name := range []string{"/dev/zero", "secrets:///dev/zero", "link"} {
		if err := os.Symlink("/dev/zero", "link"); err != nil && !errors.Is(err, os.ErrExist) {
			t.Fatal(err)
		}
		if got, err := run(t.Context(), false, "template", "-f", name, "end"); err == nil || !strings.Contains(err.Error(), "is a device") {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
	if got, err := run(t.Context(), false, "template", "-f", os.DevNull, "end"); err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

// Helm may read a file twice, and cannot change it.
func TestMemoryFile(t *testing.T) {
	scene(t, "#!/bin/sh\ncat $3 $3\n: >$3 || echo refused\n")
	f, err := memoryFile(nil)
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip("there are no memory files here")
	}
	f.Close()
	put(t, "secrets.yaml", seal(t, "secrets.yaml", "a: one\n"))
	got, err := run(t.Context(), false, "template", "-f", "secrets.yaml")
	if !strings.HasPrefix(got, "a: one\na: one\n") || err == nil && !strings.Contains(got, "refused") {
		t.Errorf("it printed %q, %v", got, err)
	}
}

func TestDownload(t *testing.T) {
	scene(t, asHelm)
	sealed := seal(t, "secrets.yaml", "a: one\n")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/secrets.yaml":
			w.Write([]byte(sealed))
		case "/plain.yaml":
			w.Write([]byte("a: plain\n"))
		case "/round":
			http.Redirect(w, r, "/round", http.StatusFound)
		case "/down":
			http.Redirect(w, r, "ftp://example.com/", http.StatusFound)
		case "/broken":
			w.WriteHeader(http.StatusTeapot)
		case "/huge":
			w.Write(make([]byte, secrets.Limit+1))
		default:
			http.NotFound(w, r)
		}
	}))
	defer server.Close()
	for name, test := range map[string]struct{ file, want, err string }{
		"encrypted":            {"/secrets.yaml", "template\n-f\na: one\n", ""},
		"plain is left alone":  {"/plain.yaml", "template\n-f\n" + server.URL + "/plain.yaml\n", ""},
		"not there":            {"/none", "", "values file " + server.URL + "/none: there is no such file"},
		"round in circles":     {"/round", "", "without end"},
		"to another scheme":    {"/down", "", "it leads from http to ftp"},
		"an error":             {"/broken", "", "the server says 418"},
		"larger than is read":  {"/huge", "", "is larger than the 5 MiB"},
		"a password in a path": {"//%zz", "", "cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := run(t.Context(), false, "template", "-f", server.URL+test.file)
			if test.err == "" && err != nil || test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)) {
				t.Errorf("got error %v, want %q", err, test.err)
			}
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
	got, err := run(t.Context(), false, "template", "-f", "secrets://"+server.URL+"/secrets.yaml", "-f", "?"+server.URL+"/none")
	if want := "template\n-f\na: one\n-f\n/dev/null\n"; err != nil || got != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

// What was interrupted does not start helm.
func TestInterrupted(t *testing.T) {
	scene(t, asHelm)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got, err := run(ctx, false, "template", "x"); !errors.Is(err, context.Canceled) || got != "" {
		t.Errorf("it printed %q, %v", got, err)
	}
}

package source

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"unicode"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/packaging/bundle"
	"github.com/tiphys-dev/tiphys/packaging/environment"
	"github.com/tiphys-dev/tiphys/packaging/render"
)

// packageOf makes the package of a chart, in the folder dir below top, as
// tiphys package does. Messages name files as they are called there.
func packageOf(top, dir string) (*bundle.Package, error) {
	p, err := packFolder(filepath.Join(top, filepath.FromSlash(dir)))
	if err == nil {
		return p, nil
	}
	text := strings.NewReplacer(top+string(filepath.Separator), "", top, ".").Replace(err.Error())
	var system syscall.Errno
	if errors.As(err, &system) && system != syscall.ENOENT && system != syscall.ENOTDIR && system != syscall.EISDIR { // no fault of the chart
		return nil, fmt.Errorf("package %s: %s", dir, text)
	}
	return nil, rejected("%s", text)
}

func packFolder(dir string) (*bundle.Package, error) {
	set, err := environment.Open(dir)
	if err != nil {
		return nil, err
	}
	c, err := render.Load(dir)
	if err != nil {
		return nil, err
	}
	p, findings, err := bundle.New(set, c)
	switch {
	case err != nil:
		return nil, err
	case p == nil:
		return nil, refused(findings)
	}
	return p, nil
}

// refused is an error that tells the first findings.
func refused(all []lint.Finding) error {
	const most = 3
	var told []string
	for _, f := range all[:min(most, len(all))] {
		told = append(told, f.String())
	}
	text := strings.Join(told, "; ")
	if more := len(all) - len(told); more > 0 {
		text += fmt.Sprintf("; and %d more", more)
	}
	return errors.New(text)
}

// oneLine returns text of others as it may be shown: one line of at most 200
// characters that can be printed.
func oneLine(text string) string {
	const most = 200
	text = strings.TrimSpace(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "?")))
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}

// Package flags is what the command lines of the programs in a cluster have in
// common.
package flags

import (
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
)

// A List is a flag that may be given several times, or with commas.
type List []string

func (l *List) String() string { return strings.Join(*l, ",") }

// Set adds to the list.
func (l *List) Set(s string) error {
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); part != "" {
			*l = append(*l, part)
		}
	}
	return nil
}

// A Set is the flags of one program.
type Set struct {
	*flag.FlagSet
	argo string
}

// New returns the flags of a program, with --argo-version. What it prints when it
// is asked for help goes to out, what is wrong to err.
func New(name, usage string, out, err io.Writer) *Set {
	s := &Set{FlagSet: flag.NewFlagSet(name, flag.ContinueOnError)}
	s.SetOutput(err)
	s.Usage = func() {
		s.SetOutput(out)
		fmt.Fprint(out, usage)
		s.PrintDefaults()
	}
	s.StringVar(&s.argo, "argo-version", "", "the `version` of Argo Workflows that runs in the cluster, such as 3.6; the newest that tiphys knows unless given")
	return s
}

// Parse reads a command line, which has flags and nothing else.
func (s *Set) Parse(args []string) (argo lint.Version, err error) {
	if err := s.FlagSet.Parse(args); err != nil {
		return argo, err
	}
	if s.NArg() > 0 {
		return argo, fmt.Errorf("argument %q is not expected: there are only flags", s.Arg(0))
	}
	if s.argo == "" {
		return argo, nil
	}
	if argo, err = lint.ParseVersion(s.argo); err != nil {
		return argo, fmt.Errorf("--argo-version: %w", err)
	}
	return argo, nil
}

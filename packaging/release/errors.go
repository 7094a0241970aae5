package release

import (
	"errors"
	"fmt"
)

// ErrNotFound is in errors about a release that is not there.
var ErrNotFound = errors.New("release not found")

// A Refused error says why something is not done, or why the cluster would not
// do it: it is about what was asked for, so trying the same again is no use.
// Any other error is about a cluster that cannot be reached or used.
type Refused struct{ Err error }

func (r *Refused) Error() string { return r.Err.Error() }

func (r *Refused) Unwrap() error { return r.Err }

func refuse(format string, args ...any) error { return &Refused{fmt.Errorf(format, args...)} }

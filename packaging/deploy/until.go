package deploy

import "context"

// Until runs do until it is done, or until ctx ends: then do is left behind. It
// is for work that cannot be called off, such as a template that never ends; do
// must change nothing that anybody looks at afterwards.
func Until(ctx context.Context, do func() error) error {
	type outcome struct {
		err   error
		panic any
	}
	done := make(chan outcome, 1)
	go func() {
		var o outcome
		defer func() {
			o.panic = recover()
			done <- o
		}()
		o.err = do()
	}()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case o := <-done:
		if o.panic != nil {
			panic(o.panic)
		}
		return o.err
	}
}

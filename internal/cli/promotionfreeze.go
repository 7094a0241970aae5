package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tiphys-dev/tiphys/promotion/client"
)

type freezeFlags struct {
	promotionFlags
	reason string
	off    bool
}

func newFreeze(s Streams) *cobra.Command {
	f := &freezeFlags{}
	c := &cobra.Command{
		Use:   "freeze NAME ENVIRONMENT --reason TEXT | --off",
		Short: "Let nothing into an environment until it is taken off",
		Long: "freeze keeps everything out of an environment, for all to see with the reason, until --off. What\n" +
			"runs keeps running, and going back to a candidate that was there stays possible.\n\n" +
			"Exit codes: 0 done, 1 refused, 2 usage, such as an unknown promotion or environment, 3 the\n" +
			"cluster cannot be reached or tiphys broke, 130 interrupted.",
		Example: "  tiphys freeze etl prod --reason 'end of the quarter'\n  tiphys freeze etl prod --off",
		Args:    promotionAndEnvironment,
		RunE: func(c *cobra.Command, args []string) error {
			return f.run(c.Context(), s, args[0], args[1])
		},
	}
	f.change(c)
	c.Flags().StringVar(&f.reason, "reason", "", "why, for those who wait")
	c.Flags().BoolVar(&f.off, "off", false, "take it off")
	return c
}

func (f *freezeFlags) run(ctx context.Context, s Streams, name, environment string) error {
	switch {
	case f.off && f.reason != "":
		return errors.New("--off takes no --reason")
	case !f.off && f.reason == "":
		return errors.New("freeze needs --reason TEXT, for those who wait, or --off")
	}
	cl, err := f.open()
	if err != nil {
		return err
	}
	o := client.Options{DryRun: f.dryRun}
	is := "is"
	if f.dryRun {
		is = "would be"
	}
	if !f.off {
		was, err := cl.Freeze(ctx, name, environment, f.reason, o)
		if err != nil {
			return promotionError(err)
		}
		fmt.Fprintf(s.Out, "%s of promotion %q %s frozen: %s\n", environment, name, is, printable(f.reason))
		if was.Freeze != nil && was.Freeze.Reason != f.reason {
			fmt.Fprintf(s.Out, "it was already: %s\n", printable(was.Freeze.Reason))
		}
		return nil
	}
	was, err := cl.Unfreeze(ctx, name, environment, o)
	if err != nil {
		return promotionError(err)
	}
	if was.Freeze == nil {
		fmt.Fprintf(s.Out, "%s of promotion %q is not frozen\n", environment, name)
		return nil
	}
	fmt.Fprintf(s.Out, "%s of promotion %q %s open again; it was frozen: %s\n", environment, name, is, printable(was.Freeze.Reason))
	return nil
}

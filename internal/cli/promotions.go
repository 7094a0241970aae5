package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/promotion/client"
)

type promotionsFlags struct {
	promotionFlags
	all, watch bool
}

func newPromotions(s Streams) *cobra.Command {
	f := &promotionsFlags{}
	c := &cobra.Command{
		Use:   "promotions [NAME]",
		Short: "List promotions: what is in each environment, and what holds the next",
		Long: "promotions lists what each promotion has in its environments, the gate that holds what comes\n" +
			"next, and when something happens by itself. With --watch it goes on showing all candidates\n" +
			"and gates as they change, until it is interrupted: as a tree on a terminal, and as a line for\n" +
			"each change otherwise.\n\n" +
			"Exit codes: 0 shown, 1 refused, 2 usage, such as an unknown promotion, 3 the cluster cannot be\n" +
			"reached or tiphys broke, 130 interrupted.",
		Example: "  tiphys promotions\n  tiphys promotions -A\n  tiphys promotions etl --watch",
		Args: func(c *cobra.Command, args []string) error {
			switch {
			case len(args) > 1:
				return fmt.Errorf("promotions takes one promotion, and %d arguments are given", len(args))
			case slices.Contains(args, ""):
				return errors.New("the name of the promotion is empty")
			case len(args) == 1 && f.all:
				return errors.New("a promotion is in one namespace: -A goes with no name")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			return f.run(c.Context(), s, strings.Join(args, ""))
		},
	}
	f.show(c)
	c.Flags().BoolVarP(&f.all, "all-namespaces", "A", false, "those of all namespaces")
	c.Flags().BoolVarP(&f.watch, "watch", "w", false, "go on showing what changes")
	return c
}

func (f *promotionsFlags) run(ctx context.Context, s Streams, name string) error {
	cl, err := f.open()
	if err != nil {
		return err
	}
	if f.watch {
		w, err := newWatching(s, f.format)
		if err != nil {
			return err
		}
		return w.run(ctx, cl, client.Query{Name: name, All: f.all})
	}
	var all []v1alpha1.Promotion
	if name == "" {
		all, err = cl.Promotions(ctx, f.all)
	} else {
		var p *v1alpha1.Promotion
		if p, err = cl.Promotion(ctx, name); err == nil {
			all = append(all, *p)
		}
	}
	if err != nil {
		return promotionError(err)
	}
	if f.format == "json" {
		return writeJSON(s, promotionRows(all))
	}
	if len(all) == 0 {
		where := fmt.Sprintf("in namespace %q", cl.Namespace())
		if f.all {
			where = "in any namespace"
		}
		s.step("there are no promotions " + where)
		return nil
	}
	return failed(writePromotions(s.Out, all, f.all, time.Now()))
}

// A promotionRow is a promotion as programs get it.
type promotionRow struct {
	Namespace    string           `json:"namespace"`
	Name         string           `json:"name"`
	Environments []environmentRow `json:"environments"`
	// BlockedBy is ENVIRONMENT/GATE, Next a time as of RFC 3339.
	BlockedBy string `json:"blockedBy,omitempty"`
	Next      string `json:"next,omitempty"`
	Suspended bool   `json:"suspended"`
	// Troubles are what is wrong with the whole.
	Troubles []string  `json:"troubles"`
	Created  time.Time `json:"created"`
}

type environmentRow struct {
	v1alpha1.EnvironmentStatus
	Freeze *v1alpha1.Freeze `json:"freeze,omitempty"`
	Pin    *v1alpha1.Pin    `json:"pin,omitempty"`
}

func promotionRows(all []v1alpha1.Promotion) []promotionRow {
	rows := []promotionRow{}
	for i := range all {
		p := &all[i]
		v := promotionView{client.View{Promotion: *p}}
		row := promotionRow{
			Namespace: p.Namespace, Name: p.Name, BlockedBy: p.Status.BlockedBy, Next: p.Status.Next, Suspended: p.Spec.Suspend,
			Troubles: append([]string{}, v.troubles()...), Created: p.CreationTimestamp.Time,
		}
		for _, e := range p.Spec.Environments {
			row.Environments = append(row.Environments, environmentRow{v.status(e.Name), e.Freeze, e.Pin})
		}
		rows = append(rows, row)
	}
	return rows
}

// writePromotions prints a table, with a column for each environment where all
// promotions have the same ones.
func writePromotions(w io.Writer, all []v1alpha1.Promotion, namespaces bool, now time.Time) error {
	first := environmentNames(&all[0])
	agree := !slices.ContainsFunc(all, func(p v1alpha1.Promotion) bool { return !slices.Equal(environmentNames(&p), first) })
	head := []string{"NAME"}
	if namespaces {
		head = []string{"NAMESPACE", "NAME"}
	}
	if agree {
		head = append(head, first...)
	} else {
		head = append(head, "ENVIRONMENTS")
	}
	head = append(head, "BLOCKED BY", "NEXT", "AGE")
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, strings.ToUpper(strings.Join(head, "\t")))
	var notes []string
	for i := range all {
		p := &all[i]
		row := []string{p.Name}
		name := p.Name
		if namespaces {
			row, name = []string{p.Namespace, p.Name}, p.Namespace+"/"+p.Name
		}
		cells := environmentCells(p)
		if !agree {
			for at, e := range environmentNames(p) {
				cells[at] = e + "=" + cells[at]
			}
			cells = []string{strings.Join(cells, ", ")}
		}
		row = append(row, cells...)
		row = append(row, orDash(p.Status.BlockedBy), orDash(inText(now, p.Status.Next)), duration.HumanDuration(max(0, now.Sub(p.CreationTimestamp.Time))))
		fmt.Fprintln(t, strings.Join(row, "\t"))
		for _, trouble := range (promotionView{client.View{Promotion: *p}}).troubles() {
			notes = append(notes, name+": "+printable(trouble))
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if len(notes) > 0 {
		_, err := fmt.Fprintln(w, "\n"+strings.Join(notes, "\n"))
		return err
	}
	return nil
}

func environmentNames(p *v1alpha1.Promotion) []string {
	var names []string
	for i := range p.Spec.Environments {
		names = append(names, p.Spec.Environments[i].Name)
	}
	return names
}

// environmentCells are the environments in short, with what is out of the
// ordinary.
func environmentCells(p *v1alpha1.Promotion) []string {
	v := promotionView{client.View{Promotion: *p}}
	var cells []string
	for i := range p.Spec.Environments {
		e := &p.Spec.Environments[i]
		cell := orDash(v.status(e.Name).Summary)
		if e.Freeze != nil {
			cell += " (frozen)"
		}
		if e.Pin != nil {
			cell += " (pinned)"
		}
		if d := v.status(e.Name).Drift; d != nil && d.Count > 0 {
			cell += " (drifted)"
		}
		cells = append(cells, cell)
	}
	return cells
}

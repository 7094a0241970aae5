package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/lint/near"
	"github.com/tiphys-dev/tiphys/promotion/gate"
)

// An order is what a file with a Promotion says.
type order struct {
	file string
	now  time.Time
	v1alpha1.Promotion
}

// readOrder reads a file with one Promotion.
func readOrder(name string, now time.Time) (*order, error) {
	text, err := readRegular(name, configLimit)
	if err != nil {
		return nil, broken(fmt.Errorf("read promotion: %w", err))
	}
	o := &order{file: name, now: now}
	if err := yaml.UnmarshalStrict(text, &o.Promotion); err != nil {
		return nil, fmt.Errorf("read promotion %s: %s", name, strings.ReplaceAll(err.Error(), "\n", " "))
	}
	if o.Kind != "Promotion" || o.APIVersion != v1alpha1.GroupVersion.String() {
		return nil, fmt.Errorf("read promotion %s: it holds no Promotion of %s", name, v1alpha1.GroupVersion)
	}
	for _, e := range o.Spec.Environments {
		if wrong := gate.ValidateAll(e.Gates); len(wrong) > 0 {
			return nil, fmt.Errorf("read promotion %s: environment %s: %s", name, e.Name, wrong[0])
		}
	}
	return o, nil
}

// index is where an environment is in the order, -1 for nowhere.
func (o *order) index(name string) int {
	return slices.IndexFunc(o.Spec.Environments, func(e v1alpha1.Environment) bool { return e.Name == name })
}

// before is the environment before one, "" for the first.
func (o *order) before(name string) (string, error) {
	i := o.index(name)
	if i < 0 {
		var have []string
		for _, e := range o.Spec.Environments {
			have = append(have, e.Name)
		}
		return "", fmt.Errorf("the promotion of %s has no environment %q%s; it has %s", o.file, name, near.Hint(name, have), strings.Join(have, ", "))
	}
	if i == 0 {
		return "", nil
	}
	return o.Spec.Environments[i-1].Name, nil
}

// gates asks what can be asked without a cluster: windows and freezes.
func (p *step) gates() error {
	o := p.order
	if o.Spec.Suspend {
		return &exit{exitFindings, errors.New("the promotion is suspended: nothing moves")}
	}
	i := o.index(p.to.Name)
	e := o.Spec.Environments[i]
	if e.Freeze != nil {
		return &exit{exitFindings, fmt.Errorf("%s is frozen: %s", e.Name, oneLine(errors.New(e.Freeze.Reason)))}
	}
	p.note("freeze", e.Name+" is not frozen")
	if i > 0 {
		for _, g := range o.Spec.Environments[i-1].Gates {
			if !g.Entry() {
				p.unchecked = append(p.unchecked, g.ID()+" of "+p.from.Name)
			}
		}
	}
	for _, g := range e.Gates {
		switch {
		case g.Window != nil:
			a := gate.Ask(g, gate.State{Now: o.now, Environment: e.Name, Promotion: o.Name})
			if !a.Open {
				return &exit{exitFindings, fmt.Errorf("gate %s of %s is shut: %s", g.ID(), e.Name, a.Message)}
			}
			p.note(g.ID(), a.Message)
		case g.Approval != nil:
			p.unchecked = append(p.unchecked, g.ID()+" of "+e.Name)
		case g.Lint != nil && g.Lint.FailOn == "warning" && p.warned:
			return &exit{exitFindings, fmt.Errorf("gate %s of %s holds at warnings, and there are some above", g.ID(), e.Name)}
		}
	}
	return nil
}

package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/near"
	"github.com/tiphys-dev/tiphys/lint/source"
	"github.com/tiphys-dev/tiphys/policies"
)

// readPolicies returns the policies of a file, or the one that comes with tiphys
// by that name. What is wrong with them is printed, and ends the command.
func readPolicies(ctx context.Context, s Streams, arg string) ([]*policies.Policy, error) {
	file, err := policySource(ctx, s, arg)
	if err != nil {
		return nil, err
	}
	all, findings := policies.Parse(file)
	if len(findings) > 0 {
		return nil, policyFindings(s, findings)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s holds no WorkflowPolicy", file.Name)
	}
	return all, nil
}

func policySource(ctx context.Context, s Streams, arg string) (*source.File, error) {
	info, err := os.Stat(arg)
	switch {
	case err == nil && info.IsDir():
		return nil, fmt.Errorf("%s is a folder: name the file of a policy", arg)
	case err != nil && slices.Contains(policies.Names(), arg):
		return policies.Shipped(arg), nil
	case errors.Is(err, os.ErrNotExist) && arg != "-":
		return nil, fmt.Errorf("%s: there is no such file, and no policy of that name comes with tiphys%s", arg, near.Hint(arg, policies.Names()))
	}
	return readOne(ctx, s, arg)
}

// policyFindings prints what is wrong with policies.
func policyFindings(s Streams, findings []lint.Finding) error {
	for _, f := range findings {
		if _, err := fmt.Fprintln(s.Out, printable(f.String())); err != nil {
			return failed(err)
		}
	}
	return &exit{exitFindings, nil}
}

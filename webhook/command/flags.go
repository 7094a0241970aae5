package command

import (
	"flag"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/webhook/certs"
)

// flags are what the command line says.
type flags struct {
	version bool
	level   slog.Level

	address, metrics string
	deadline, drain  time.Duration
	body             int64
	reviews          int
	argo             lint.Version

	standalone bool
	policies   list
	certDir    string
	lifetimes  certs.Lifetimes
	clientCA   string

	kubeconfig           string
	namespace            string
	service, secret      string
	validating, mutating list
	unwatched            list
	audit                time.Duration
	limitRuns            bool
}

// A list is a flag that may be given several times, or with commas.
type list []string

func (l *list) String() string { return strings.Join(*l, ",") }

// Set adds to the list.
func (l *list) Set(s string) error {
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); part != "" {
			*l = append(*l, part)
		}
	}
	return nil
}

const usage = `tiphys-webhook judges and completes workflows as they enter a cluster.

In a cluster, it goes by the WorkflowPolicies there, and keeps its certificate in
a Secret. With --standalone it goes by files alone and asks no cluster.

Usage:
  tiphys-webhook [flags]
  tiphys-webhook --standalone --cert-dir DIR [--policy FILE]... [flags]
  tiphys-webhook check --namespace NAMESPACE [flags]

Flags:
`

func parse(args []string, s Streams) (*flags, error) {
	f := &flags{}
	set := flag.NewFlagSet("tiphys-webhook", flag.ContinueOnError)
	set.SetOutput(s.Err)
	set.Usage = func() {
		set.SetOutput(s.Out)
		fmt.Fprint(s.Out, usage)
		set.PrintDefaults()
	}
	argo := set.String("argo-version", "", "the `version` of Argo Workflows that runs in the cluster, such as 3.6; the newest that tiphys knows unless given")
	set.StringVar(&f.address, "address", ":8443", "where to serve the API server")
	set.StringVar(&f.metrics, "metrics-address", ":8080", "where to serve /metrics, /healthz and /readyz, without TLS; \"\" for nowhere")
	set.DurationVar(&f.deadline, "deadline", 9*time.Second, "the longest that an answer takes; what the API server allows, less a margin, if that is less")
	set.DurationVar(&f.drain, "drain", 15*time.Second, "how long to go on serving, not ready any more, when told to end")
	set.Int64Var(&f.body, "max-body", 8<<20, "the most `bytes` of a request: the object and what it was before")
	set.IntVar(&f.reviews, "max-reviews", 0, "how many reviews run at once; 0 for twice the number of processors")
	set.BoolVar(&f.standalone, "standalone", false, "ask no cluster: go by --policy alone")
	set.Var(&f.policies, "policy", "with --standalone, a `file` of WorkflowPolicies, or baseline, restricted or production; may be repeated")
	set.StringVar(&f.certDir, "cert-dir", "", "a `directory` with tls.crt and tls.key that somebody else keeps, such as cert-manager; it is followed. Unless given, the webhook keeps its own certificate in --secret")
	set.DurationVar(&f.lifetimes.Leaf, "certificate-lifetime", 30*24*time.Hour, "how long a certificate in --secret is valid; a new one is made when two thirds of that are over")
	set.DurationVar(&f.lifetimes.Authority, "authority-lifetime", 730*24*time.Hour, "how long an authority that signs them is valid; it is replaced when two thirds of that are over")
	set.DurationVar(&f.lifetimes.Settle, "authority-settle", 5*time.Minute, "how long API servers may take to learn of a new authority; until then it signs nothing")
	set.StringVar(&f.clientCA, "client-ca", "", "a `file` of the authorities that sign certificates of API servers; it is followed. Unless given, whoever reaches the port is answered")
	set.StringVar(&f.kubeconfig, "kubeconfig", "", "a `file` that tells how to reach the cluster; unless given, as pods do")
	set.StringVar(&f.namespace, "namespace", "tiphys", "the `namespace` that the webhook runs in")
	set.StringVar(&f.service, "service", "tiphys-webhook", "the `name` of the Service, which the certificate is for")
	set.StringVar(&f.secret, "secret", "tiphys-webhook-certificate", "the `name` of the Secret that the certificate is kept in")
	set.Var(&f.validating, "validating-configuration", "the `names` of the ValidatingWebhookConfigurations that are to trust the certificate (tiphys-webhook, unless any of either kind is named)")
	set.Var(&f.mutating, "mutating-configuration", "the `names` of the MutatingWebhookConfigurations that are to trust the certificate (tiphys-webhook, unless any of either kind is named)")
	set.Var(&f.unwatched, "unwatched", "`kinds` that the role does not allow to watch, such as Secret: whether one exists is unknown then, and never reported")
	set.DurationVar(&f.audit, "audit", 10*time.Minute, "how often all that exists is looked at; below 0 for never")
	set.BoolVar(&f.limitRuns, "limit-runs", true, "hold runs to the limits of policies: count them, and keep the numbers of semaphores")
	set.TextVar(&f.level, "log-level", slog.LevelInfo, "debug (all requests), info (denials), warn or error")
	set.BoolVar(&f.version, "version", false, "print the version and end")
	if err := set.Parse(args); err != nil {
		return nil, err
	}
	return f, f.check(set, *argo)
}

func (f *flags) check(set *flag.FlagSet, argo string) error {
	if set.NArg() > 0 {
		return fmt.Errorf("argument %q is not expected: there are only flags", set.Arg(0))
	}
	if argo != "" {
		v, err := lint.ParseVersion(argo)
		if err != nil {
			return fmt.Errorf("--argo-version: %w", err)
		}
		f.argo = v
	}
	switch {
	case f.deadline <= 0:
		return fmt.Errorf("--deadline is %s: it must be more than 0", f.deadline)
	case f.drain < 0:
		return fmt.Errorf("--drain is %s: it cannot be less than 0", f.drain)
	case f.body <= 0:
		return fmt.Errorf("--max-body is %d: it must be more than 0", f.body)
	case f.lifetimes.Leaf <= 0 || f.lifetimes.Settle <= 0:
		return fmt.Errorf("--certificate-lifetime is %s and --authority-settle %s: both must be more than 0", f.lifetimes.Leaf, f.lifetimes.Settle)
	case f.lifetimes.Authority/3 < f.lifetimes.Leaf || f.lifetimes.Authority/3 < f.lifetimes.Settle:
		return fmt.Errorf("--authority-lifetime is %s: it must be three times --certificate-lifetime and --authority-settle at least, or an authority ends before what it has signed does", f.lifetimes.Authority)
	case f.reviews < 0:
		return fmt.Errorf("--max-reviews is %d: it cannot be less than 0", f.reviews)
	case len(f.policies) > 0 && !f.standalone:
		return fmt.Errorf("--policy %s is given without --standalone: in a cluster, policies are WorkflowPolicies there", f.policies[0])
	case f.standalone && f.certDir == "":
		return fmt.Errorf("--standalone needs --cert-dir: there is no Secret to keep a certificate in")
	}
	if len(f.validating) == 0 && len(f.mutating) == 0 {
		// Only together: whoever names the one has no other, and may not read it.
		f.validating, f.mutating = list{"tiphys-webhook"}, list{"tiphys-webhook"}
	}
	return nil
}

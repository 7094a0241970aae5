package command

import (
	"flag"
	"fmt"
	"log/slog"
	"net/url"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
)

// flags are what the command line says.
type flags struct {
	version bool
	level   slog.Level

	kubeconfig, namespace string
	elect                 bool
	namespaces            list
	concurrency           int

	argo       lint.Version
	argoURL    string
	prometheus string

	metrics, hook, page string
	sessionKey          string
	local, plainHTTP    bool
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

const usage = `tiphys-controller takes packages from environment to environment, as the
Promotions of the cluster say.

Usage:
  tiphys-controller [flags]
  tiphys-controller check --ready URL [flags]

Flags:
`

func parse(args []string, s Streams) (*flags, error) {
	f := &flags{}
	set := flag.NewFlagSet("tiphys-controller", flag.ContinueOnError)
	set.SetOutput(s.Err)
	set.Usage = func() {
		set.SetOutput(s.Out)
		fmt.Fprint(s.Out, usage)
		set.PrintDefaults()
	}
	argo := set.String("argo-version", "", "the `version` of Argo Workflows that runs in the cluster, such as 3.6; the newest that tiphys knows unless given")
	set.StringVar(&f.kubeconfig, "kubeconfig", "", "a `file` that tells how to reach the cluster; unless given, as pods do")
	set.StringVar(&f.namespace, "namespace", "tiphys", "the `namespace` that the controller runs in, where the Lease of the leader is")
	set.BoolVar(&f.elect, "leader-elect", true, "stand for election; off where there is no other replica")
	set.Var(&f.namespaces, "watch-namespace", "the `namespaces` whose promotions are carried out; may be repeated; all unless given")
	set.IntVar(&f.concurrency, "concurrency", 8, "how many promotions are worked on at once; each deployment takes one up while it lasts")
	set.StringVar(&f.argoURL, "argo-url", "", "the `address` of Argo's page, for links to runs")
	set.StringVar(&f.prometheus, "prometheus", "", "the `address` of the Prometheus that metric gates ask unless they name one")
	set.StringVar(&f.metrics, "metrics-address", ":8080", "where to serve /metrics, /healthz and /readyz, without TLS; \"\" for nowhere")
	set.StringVar(&f.hook, "hook-address", "", "where to serve POST /hook/NAMESPACE/NAME, by which forges tell of a push, without TLS; \"\" for nowhere")
	set.StringVar(&f.page, "page-address", "", "where to serve the page, without TLS; \"\" for nowhere")
	set.StringVar(&f.sessionKey, "page-session-key-file", "", "a `file` with 32 bytes or more that nobody guesses, which replicas share so that they share the sessions of the page; unless given, a session is of one process")
	set.BoolVar(&f.local, "allow-local-sources", false, "allow sources that are folders of this machine; for tests")
	set.BoolVar(&f.plainHTTP, "allow-http", false, "allow notifications without TLS")
	set.TextVar(&f.level, "log-level", slog.LevelInfo, "debug, info (all that is done), warn or error")
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
	if f.concurrency <= 0 {
		return fmt.Errorf("--concurrency is %d: it must be more than 0", f.concurrency)
	}
	if f.sessionKey != "" && f.page == "" {
		return fmt.Errorf("--page-session-key-file %s is given without --page-address: there is no page", f.sessionKey)
	}
	for name, address := range map[string]string{"argo-url": f.argoURL, "prometheus": f.prometheus} {
		if u, err := url.Parse(address); address != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
			return fmt.Errorf("--%s is %q: it must begin with https:// or http://", name, address)
		}
	}
	return nil
}

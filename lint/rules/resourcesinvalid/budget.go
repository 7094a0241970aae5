package resourcesinvalid

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/expr"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/near"
	"github.com/tiphys-dev/tiphys/lint/pod"
	"github.com/tiphys-dev/tiphys/lint/quantity"
)

type owner uint8

// What resources are given to.
const (
	ofContainer owner = iota
	ofPod
	ofVolume
)

// A budget checks the requests and limits of one container, pod or volume.
type budget struct {
	pass *lint.Pass
	pod  *pod.Pod // nil where no podSpecPatch applies
	of   owner
}

// An amount is a request or limit that parses.
type amount struct {
	node  *manifest.Node
	value quantity.Quantity
}

func (b budget) check(requests, limits []*manifest.Node) {
	if len(requests) == 0 && len(limits) == 0 {
		return
	}
	lower, upper := b.amounts(requests), b.amounts(limits)
	for _, r := range lower {
		b.relate(r, find(upper, r.node.Key.Value))
	}
	b.huge(lower, upper)
}

func find(all []amount, name string) *amount {
	for i := range all {
		if all[i].node.Key.Value == name {
			return &all[i]
		}
	}
	return nil
}

// amounts checks each field by itself and returns those that are good.
func (b budget) amounts(fields []*manifest.Node) []amount {
	var all []amount
	for _, f := range fields {
		name := f.Key.Value
		if b.of == ofContainer && !b.known(f) {
			continue
		}
		if q, ok := b.quantity(f, name, f); ok {
			all = append(all, amount{f, q})
		}
	}
	return all
}

// standard are the resources that need no domain.
var standard = []string{"cpu", "memory", "ephemeral-storage"}

// known checks the name of a resource of a container.
func (b budget) known(f *manifest.Node) bool {
	name := f.Key.Value
	if strings.Contains(name, "/") || strings.HasPrefix(name, "hugepages-") || expr.Tagged(name) {
		return true
	}
	for _, s := range standard {
		if name == s {
			return true
		}
	}
	message := fmt.Sprintf("%q is no resource of a container, so the API server refuses the pod: it is cpu, memory, ephemeral-storage, hugepages-SIZE or has a domain, like nvidia.com/gpu", name)
	hint, ok := near.Name(name, standard)
	switch strings.ToLower(name) {
	case "gpu", "gpus", "nvidia-gpu":
		hint, ok = "nvidia.com/gpu", true
	case "storage", "disk":
		hint, ok = "ephemeral-storage", true
	case "mem", "ram":
		hint, ok = "memory", true
	case "cpus", "cores":
		hint, ok = "cpu", true
	}
	if ok {
		message += fmt.Sprintf("; did you mean %q?", hint)
	}
	b.report(lint.Finding{Node: f.Key, Path: f.Path(), Message: message}, f.Key)
	return false
}

// quantity checks the amount of one resource.
func (b budget) quantity(f *manifest.Node, name string, at *manifest.Node) (quantity.Quantity, bool) {
	if !f.Scalar() || f.Kind == manifest.Bool {
		return quantity.Quantity{}, false // the schema says so
	}
	if expr.Tagged(f.Value) {
		if b.pod == nil || !b.pod.Patched(f) {
			b.report(lint.Finding{Node: at, Message: fmt.Sprintf("%s %q is a tag, but Argo reads quantities before it fills tags in, and refuses this one; set it in podSpecPatch, which may hold tags", name, f)}, at)
		}
		return quantity.Quantity{}, false
	}
	q, err := quantity.Parse(f.Value)
	switch {
	case err != nil:
		b.report(lint.Finding{Node: at, Message: fmt.Sprintf("%s %q is no quantity: %s", name, f, err)}, at)
		return q, false
	case q.Sign() < 0:
		b.report(lint.Finding{Node: at, Message: fmt.Sprintf("%s %q is negative: the API server refuses the pod; write 0 or more", name, f)}, at)
		return q, false
	case q.Sign() == 0 && name == "storage":
		b.report(lint.Finding{Node: at, Message: fmt.Sprintf("storage %q is nothing: the API server refuses a volume claim of that size", f)}, at)
	case extended(name) && !integral(f.Value):
		b.report(lint.Finding{Node: at, Message: fmt.Sprintf("%s %q is not a whole number: the API server refuses the pod, only cpu and memory can be divided", name, f)}, at)
		return q, false
	}
	b.plausible(f, name, q, at)
	return q, true
}

// integral reports whether a quantity is a whole number.
func integral(s string) bool {
	scale := 1.0
	if cut, ok := strings.CutSuffix(s, "m"); ok {
		s, scale = cut, 1000
	}
	f, err := strconv.ParseFloat(s, 64)
	return err != nil || f/scale == float64(int64(f/scale))
}

// extended reports whether a resource is one of a device, which is counted and
// not shared.
func extended(name string) bool {
	return strings.Contains(name, "/") && !strings.Contains(name, "kubernetes.io/")
}

// plausible warns of amounts that the API server takes, and that nobody means.
func (b budget) plausible(f *manifest.Node, name string, q quantity.Quantity, at *manifest.Node) {
	bytes := name == "memory" || name == "ephemeral-storage" || name == "storage" || name == "sizeLimit"
	number := strings.TrimSuffix(f.Value, "m")
	_, notNumber := strconv.Atoi(number)
	switch {
	case bytes && q.Sign() > 0 && q.Cmp(mebibyte) < 0:
		hint := ""
		if notNumber == nil {
			hint = fmt.Sprintf("; did you mean %q?", number+"Mi")
		}
		why := "is less than a megabyte, too little for any program"
		if strings.HasSuffix(f.Value, "m") {
			why = "counts thousandths of a byte, as m means milli"
		}
		b.report(lint.Finding{Node: at, Severity: lint.Warning, Message: fmt.Sprintf("%s %q %s%s", name, f, why, hint)}, at)
	case name == "cpu" && q.Cmp(manyCores) >= 0 && notNumber == nil && number == f.Value:
		b.report(lint.Finding{Node: at, Severity: lint.Warning, Message: fmt.Sprintf("cpu %q is %s whole cores, which no node has; did you mean %q?", f, f, f.Value+"m")}, at)
	}
}

var mebibyte, manyCores = must("1Mi"), must("250")

func must(s string) quantity.Quantity {
	q, err := quantity.Parse(s)
	if err != nil {
		panic(err)
	}
	return q
}

// relate compares a request with its limit.
func (b budget) relate(r amount, limit *amount) {
	name := r.node.Key.Value
	single := extended(name) || strings.HasPrefix(name, "hugepages-")
	switch {
	case limit == nil && single && b.of == ofContainer:
		b.report(lint.Finding{Node: r.node, Message: fmt.Sprintf("%s is requested but has no limit, so the API server refuses the pod: it cannot be shared; write the same amount, %s, as its limit", name, r.node)}, r.node)
	case limit == nil || b.of == ofVolume && name != "storage":
	case r.value.Cmp(limit.value) > 0:
		b.report(b.pair(r, limit, "%s request %q is over its limit %q, so the API server refuses it; lower the request or raise the limit", name, r.node, limit.node), r.node)
	case single && r.value.Cmp(limit.value) != 0:
		b.report(b.pair(r, limit, "%s request %q is not its limit %q, so the API server refuses the pod: it cannot be shared; make the two the same", name, r.node, limit.node), r.node)
	}
}

// pair is a finding on a request with the place of its limit.
func (b budget) pair(r amount, limit *amount, format string, args ...any) lint.Finding {
	f := lint.Finding{Node: r.node, Message: fmt.Sprintf(format, args...)}
	if b.pod == nil || !b.pod.Patched(limit.node) {
		f.Related = []lint.Related{lint.At(limit.node, "the limit stands here")}
	}
	return f
}

// huge checks that a container with huge pages has cpu or memory as well.
func (b budget) huge(requests, limits []amount) {
	if b.of != ofContainer {
		return
	}
	var pages *manifest.Node
	for _, a := range append(limits, requests...) {
		switch name := a.node.Key.Value; {
		case name == "cpu" || name == "memory":
			return
		case strings.HasPrefix(name, "hugepages-"):
			pages = a.node
		}
	}
	if pages != nil {
		b.report(lint.Finding{Node: pages, Message: fmt.Sprintf("%s stands alone, and the API server refuses huge pages without cpu or memory beside them", pages.Key)}, pages)
	}
}

// report places a finding on a node that may stand in the text of a podSpecPatch.
func (b budget) report(f lint.Finding, n *manifest.Node) {
	if b.pod != nil {
		if place, span := b.pod.Place(n); place != n {
			f.Node, f.Span, f.Path = place, span, place.Path()
		}
	}
	b.pass.Report(f)
}

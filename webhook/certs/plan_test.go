package certs_test

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tiphys-dev/tiphys/webhook/certs"
)

var names = []string{"tiphys-webhook.tiphys.svc", "tiphys-webhook.tiphys.svc.cluster.local"}

// A cluster is the Secret, the webhook configurations and the replicas as they
// are at some time.
type cluster struct {
	now        time.Time
	life       certs.Lifetimes
	bundle     *certs.Bundle
	configured []*x509.Certificate // what the configurations have
	known      []*x509.Certificate // what the slowest API server goes by
	learns     time.Time           // when that one learns the next
	served     []*certs.Bundle     // what each replica has read last
	done       []string
}

func newCluster(replicas int) *cluster {
	return &cluster{
		now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), bundle: &certs.Bundle{},
		life:   certs.Lifetimes{Authority: 90 * 24 * time.Hour, Leaf: 9 * 24 * time.Hour, Settle: 5 * time.Minute},
		served: slices.Repeat([]*certs.Bundle{{}}, replicas),
	}
}

func (c *cluster) observe() certs.Observation {
	return certs.Observation{Now: c.now, Names: names, Trusted: func(a *x509.Certificate) bool { return slices.ContainsFunc(c.configured, a.Equal) }}
}

// sync is what a replica does: publish, then steps until there is none.
func (c *cluster) sync(t *testing.T, replica int) certs.Step {
	t.Helper()
	for range 10 {
		trust := certs.Certificates(c.bundle.Trust())
		if !slices.EqualFunc(trust, c.configured, (*x509.Certificate).Equal) {
			c.configured, c.learns = trust, c.now.Add(c.life.Settle*9/10)
		}
		c.served[replica] = c.bundle
		step := certs.Plan(c.bundle, c.observe(), c.life)
		if step.Action == certs.Wait {
			return step
		}
		c.done = append(c.done, step.Action.String())
		next, err := certs.Apply(c.bundle, step, c.observe(), c.life)
		if err != nil {
			t.Fatal(err)
		}
		data, err := next.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if c.bundle, err = certs.Decode(data); err != nil {
			t.Fatal(err)
		}
	}
	t.Fatalf("at %s: no end of steps: %v", c.now, c.done[len(c.done)-10:])
	return certs.Step{}
}

// pass lets time pass; API servers learn of configurations in the meantime.
func (c *cluster) pass(d time.Duration) {
	if c.now = c.now.Add(d); !c.now.Before(c.learns) {
		c.known = c.configured
	}
}

// check fails where an API server would not trust what a replica serves.
func (c *cluster) check(t *testing.T, replica int) {
	t.Helper()
	leaf := c.served[replica].Leaf
	if leaf == nil || c.now.After(leaf.Certificate.NotAfter) {
		return // it is not ready
	}
	pool := x509.NewCertPool()
	for _, a := range c.known {
		pool.AddCert(a)
	}
	if _, err := leaf.Certificate.Verify(x509.VerifyOptions{Roots: pool, CurrentTime: c.now, DNSName: names[0]}); err != nil {
		t.Fatalf("at %s, after %v: replica %d: %v", c.now, c.done, replica, err)
	}
}

// TestTrusted: whatever the order in which replicas look and fall behind, no API
// server meets a certificate that it does not trust, over years.
func TestTrusted(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 5))
			c := newCluster(3)
			for i := range c.served {
				c.sync(t, i)
			}
			c.pass(c.life.Settle)
			for c.now.Before(time.Date(2027, 7, 1, 0, 0, 0, 0, time.UTC)) {
				i := r.IntN(len(c.served))
				if i != 0 || r.IntN(20) == 0 { // the first one is cut off for weeks
					c.sync(t, i)
				}
				for range 3 {
					c.pass(time.Duration(r.Int64N(int64(8 * time.Hour))))
					for i := range c.served {
						c.check(t, i)
					}
				}
			}
			if n := len(c.bundle.Authorities); n > 2 {
				t.Errorf("%d authorities are left", n)
			}
			added := 0
			for _, d := range c.done {
				if d == certs.Begin.String() && added > 0 {
					t.Errorf("began anew after %d authorities", added)
				}
				if d == certs.Add.String() {
					added++
				}
			}
			if added < 6 {
				t.Errorf("only %d authorities in a year and a half", added)
			}
		})
	}
}

// TestOrder is the life of an authority, step by step and each at its time.
func TestOrder(t *testing.T) {
	c := newCluster(1)
	var got []string
	for c.now.Before(time.Date(2026, 3, 30, 0, 0, 0, 0, time.UTC)) {
		before := len(c.done)
		step := c.sync(t, 0)
		for _, d := range c.done[before:] {
			got = append(got, fmt.Sprintf("%s %s, %d trusted", c.now.Format("01-02 15:04"), d, len(c.configured)))
		}
		if !step.Again.After(c.now) {
			t.Fatalf("at %s it waits until %s", c.now, step.Again)
		}
		c.pass(step.Again.Sub(c.now))
	}
	want := []string{
		"01-01 00:00 begin, 1 trusted",
		"01-01 00:00 note that the authority is trusted, 1 trusted",
		"01-07 00:00 issue a certificate, 1 trusted",
		"01-13 00:00 issue a certificate, 1 trusted",
		"01-19 00:00 issue a certificate, 1 trusted",
		"01-25 00:00 issue a certificate, 1 trusted",
		"01-31 00:00 issue a certificate, 1 trusted",
		"02-06 00:00 issue a certificate, 1 trusted",
		"02-12 00:00 issue a certificate, 1 trusted",
		"02-18 00:00 issue a certificate, 1 trusted",
		"02-24 00:00 issue a certificate, 1 trusted",
		"03-02 00:00 issue a certificate, 2 trusted",
		"03-02 00:00 add an authority, 2 trusted",
		"03-02 00:00 note that the authority is trusted, 2 trusted",
		"03-02 00:05 issue a certificate, 2 trusted",
		"03-08 00:05 issue a certificate, 2 trusted",
		"03-11 01:00 drop an authority, 1 trusted",
		"03-14 00:05 issue a certificate, 1 trusted",
		"03-20 00:05 issue a certificate, 1 trusted",
		"03-26 00:05 issue a certificate, 1 trusted",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestJumps: after a jump of the clock there is a valid certificate at once.
func TestJumps(t *testing.T) {
	for name, jump := range map[string]time.Duration{
		"past the certificate":              10 * 24 * time.Hour,
		"past the authority":                2 * 365 * 24 * time.Hour,
		"before both":                       -24 * time.Hour,
		"into the last day of an authority": 89*24*time.Hour + 23*time.Hour + 50*time.Minute,
	} {
		t.Run(name, func(t *testing.T) {
			c := newCluster(1)
			c.sync(t, 0)
			c.now = c.now.Add(jump)
			c.sync(t, 0)
			c.pass(c.life.Settle)
			c.sync(t, 0)
			c.pass(c.life.Settle)
			if leaf := c.served[0].Leaf.Certificate; c.now.After(leaf.NotAfter) || c.now.Before(leaf.NotBefore) {
				t.Errorf("at %s there is a certificate from %s to %s", c.now, leaf.NotBefore, leaf.NotAfter)
			}
			c.check(t, 0)
		})
	}
}

func TestNewNameOfTheService(t *testing.T) {
	c := newCluster(1)
	c.sync(t, 0)
	o := c.observe()
	o.Names = []string{"other.tiphys.svc"}
	if step := certs.Plan(c.bundle, o, c.life); step.Action != certs.Issue {
		t.Errorf("the step is to %s", step.Action)
	}
}

// TestDamaged: a Secret that somebody has written into is an error, not a crash
// and not a certificate.
func TestDamaged(t *testing.T) {
	c := newCluster(1)
	c.sync(t, 0)
	good, err := c.bundle.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(map[string][]byte){
		"the authorities are cut off":     func(d map[string][]byte) { d["authorities.json"] = d["authorities.json"][:40] },
		"an authority is no certificate":  func(d map[string][]byte) { d["authorities.json"] = []byte(`[{"certificate": "x"}]`) },
		"the certificate is gone to rest": func(d map[string][]byte) { d["tls.crt"] = []byte("x") },
		"the key is gone":                 func(d map[string][]byte) { delete(d, "tls.key") },
		"the key is of another":           func(d map[string][]byte) { d["tls.key"] = c.bundle.Authorities[0].Key },
	} {
		t.Run(name, func(t *testing.T) {
			data := map[string][]byte{}
			for k, v := range good {
				data[k] = bytes.Clone(v)
			}
			change(data)
			if b, err := certs.Decode(data); err == nil {
				t.Errorf("read as %+v", b)
			}
		})
	}
	if b, err := certs.Decode(map[string][]byte{"tls.crt": {}, "tls.key": {}}); err != nil || len(b.Authorities) > 0 {
		t.Errorf("a new Secret: %v, %v", b, err)
	}
}

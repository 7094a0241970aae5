// Package kill has tests end work in the middle: after the n-th write that has
// reached the API server, and before anybody here knows.
package kill

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"sync/atomic"
	"testing"
)

// variable has the order for a process that is to be killed.
const variable = "TIPHYS_TEST_CHILD"

// Order reads what this process is to do into a struct. A test that calls it is
// what a child runs, and is skipped where there is no order.
func Order(t testing.TB, order any) {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		t.Skip("it is run by others")
	}
	if err := json.Unmarshal([]byte(text), order); err != nil {
		t.Fatal(err)
	}
}

// Child runs TestChild of this package in a process with an order. It reports
// whether that was killed: when it was not, it has done all that it was to do.
func Child(t testing.TB, order any) (killed bool) {
	t.Helper()
	text, err := json.Marshal(order)
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(self, "-test.run=^TestChild$")
	c.Env = append(os.Environ(), variable+"="+string(text))
	out, err := c.CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == -1 {
		return true
	}
	if err != nil {
		t.Fatalf("the child fails: %v\n%s", err, out)
	}
	return false
}

// Self kills this process. It does not return.
func Self() {
	if self, err := os.FindProcess(os.Getpid()); err == nil {
		self.Kill()
	}
	select {}
}

// After returns what wraps a transport so that do is called at the n-th write,
// and the count of them.
func After(n int, do func()) (wrap func(http.RoundTripper) http.RoundTripper, count *atomic.Int64) {
	count = &atomic.Int64{}
	return func(next http.RoundTripper) http.RoundTripper {
		return &breaker{next, count, int64(n), do}
	}, count
}

type breaker struct {
	next  http.RoundTripper
	count *atomic.Int64
	n     int64
	do    func()
}

func (b *breaker) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := b.next.RoundTrip(r)
	if r.Method != http.MethodGet && r.Method != http.MethodHead && b.count.Add(1) == b.n {
		b.do()
	}
	return response, err
}

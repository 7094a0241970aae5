// Package metric asks Prometheus for one value.
package metric

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/tiphys-dev/tiphys/promotion/gate"
)

// most is how much of an answer is read: one value is a few hundred bytes.
const most = 64 << 10

// Options are those of a query.
type Options struct {
	// Transport does the requests; http.DefaultTransport unless given.
	Transport http.RoundTripper
	// Timeout bounds a query; 10 s unless given.
	Timeout time.Duration
	// Token is a bearer token to show; none unless given. It is for the Prometheus
	// of the controller alone, never for one that a Promotion names.
	Token string
	// Now is the clock; time.Now unless given.
	Now func() time.Time
}

// Query asks the Prometheus at an address for the value of a query now: that of a
// scalar, or of the only sample of an instant vector. What goes wrong is the
// Problem of the answer, without credentials, and without anything of a body that
// is none of Prometheus: who may write a query need not be who may read the server.
//
// See https://prometheus.io/docs/prometheus/latest/querying/api/#instant-queries.
func Query(ctx context.Context, address, query string, o Options) gate.Metric {
	now := o.Now
	if now == nil {
		now = time.Now
	}
	value, err := ask(ctx, address, query, o)
	m := gate.Metric{Value: value, At: now()}
	if err != nil {
		m.Value, m.Problem = 0, err.Error()
	}
	return m
}

func ask(ctx context.Context, address, query string, o Options) (float64, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return 0, errors.New("the url is none of Prometheus: write one like https://prometheus.monitoring:9090")
	}
	if u.User != nil {
		return 0, errors.New("the url has credentials in it: leave them out")
	}
	timeout := o.Timeout
	if timeout <= 0 {
		timeout = 10 * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	u = u.JoinPath("api/v1/query")
	u.RawQuery, u.Fragment = "", ""
	form := url.Values{"query": {query}, "timeout": {timeout.String()}}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), strings.NewReader(form.Encode()))
	if err != nil {
		return 0, errors.New("the url is none of Prometheus")
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if o.Token != "" {
		request.Header.Set("Authorization", "Bearer "+o.Token)
	}
	client := http.Client{Transport: o.Transport, CheckRedirect: stay}
	response, err := client.Do(request)
	if err != nil {
		return 0, fmt.Errorf("%s does not answer: %w", u.Host, bare(err))
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, most+1))
	if err != nil {
		return 0, fmt.Errorf("%s stops in the middle of its answer: %w", u.Host, bare(err))
	}
	if len(body) > most {
		return 0, fmt.Errorf("%s answers more than %d KiB: the query must have one value", u.Host, most>>10)
	}
	value, err := read(response.StatusCode, body)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", u.Host, err)
	}
	return value, nil
}

// stay follows no redirect to another host, or to one in the clear: what is asked
// and the token are for one server.
func stay(next *http.Request, before []*http.Request) error {
	first := before[0].URL
	if len(before) > 3 || next.URL.Host != first.Host || next.URL.Scheme != first.Scheme {
		return errors.New("it redirects to somewhere else")
	}
	return nil
}

// bare drops the URL from an error of a client, and says what a deadline is.
func bare(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return errors.New("it takes too long")
	}
	var e *url.Error
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}

// An answer is what Prometheus says.
type answer struct {
	Status string
	Error  string
	Data   struct {
		ResultType string
		Result     json.RawMessage
	}
}

// read reads the answer to an instant query.
func read(status int, body []byte) (float64, error) {
	var a answer
	if err := json.Unmarshal(body, &a); err != nil || a.Status != "success" && a.Status != "error" {
		return 0, fmt.Errorf("answers %d %s, and not as Prometheus does", status, http.StatusText(status))
	}
	if a.Status == "error" {
		return 0, fmt.Errorf("does not take the query: %q", cut(a.Error))
	}
	if status != http.StatusOK {
		return 0, fmt.Errorf("answers %d %s", status, http.StatusText(status))
	}
	var s sample
	switch a.Data.ResultType {
	case "scalar":
		if err := json.Unmarshal(a.Data.Result, &s); err != nil {
			return 0, err
		}
	case "vector":
		var all []struct{ Value *sample }
		if err := json.Unmarshal(a.Data.Result, &all); err != nil {
			return 0, errors.New("answers with a vector that is none")
		}
		switch {
		case len(all) == 0:
			return 0, errors.New("knows no such series: write a query that has a value, as with \"or vector(0)\"")
		case len(all) > 1:
			return 0, fmt.Errorf("knows %d series, and a query must have one value: write sum(...) or max(...)", len(all))
		case all[0].Value == nil:
			return 0, errors.New("answers with a histogram: write a query that has a number")
		}
		s = *all[0].Value
	default:
		return 0, fmt.Errorf("answers with a %q: write a query that has one number", cut(a.Data.ResultType))
	}
	return float64(s), nil
}

// A sample is [time, "value"].
type sample float64

// UnmarshalJSON reads the value, also NaN, +Inf and -Inf.
func (s *sample) UnmarshalJSON(b []byte) error {
	bad := errors.New("answers with a sample that is none")
	var pair []json.RawMessage
	var text string
	if json.Unmarshal(b, &pair) != nil || len(pair) != 2 || json.Unmarshal(pair[1], &text) != nil {
		return bad
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil && !math.IsInf(v, 0) {
		return bad
	}
	*s = sample(v)
	return nil
}

// cut shortens what a server says.
func cut(s string) string {
	if runes := []rune(s); len(runes) > 200 {
		return string(runes[:200]) + "..."
	}
	return s
}

package metric_test

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tiphys-dev/tiphys/promotion/metric"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// standIn answers as the API of Prometheus is documented to, or not at all so.
func standIn(t *testing.T, f http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(f)
	t.Cleanup(s.Close)
	return s.URL
}

func body(status int, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		fmt.Fprint(w, text)
	}
}

func vector(samples ...string) string {
	return `{"status":"success","data":{"resultType":"vector","result":[` + strings.Join(samples, ",") + `]}}`
}

func TestQuery(t *testing.T) {
	one := `{"metric":{"job":"etl"},"value":[1772452800.123,"%s"]}`
	for sentence, c := range map[string]struct {
		status  int
		body    string
		value   float64
		problem string // a part of it
	}{
		"one sample":                  {200, vector(fmt.Sprintf(one, "0.25")), 0.25, ""},
		"a scalar":                    {200, `{"status":"success","data":{"resultType":"scalar","result":[1772452800,"7"]}}`, 7, ""},
		"warnings are no matter":      {200, `{"status":"success","warnings":["x"],"data":{"resultType":"scalar","result":[1,"7"]}}`, 7, ""},
		"infinity":                    {200, vector(fmt.Sprintf(one, "+Inf")), math.Inf(1), ""},
		"no number":                   {200, vector(fmt.Sprintf(one, "NaN")), math.NaN(), ""},
		"no sample":                   {200, vector(), 0, "knows no such series"},
		"two samples":                 {200, vector(fmt.Sprintf(one, "1"), fmt.Sprintf(one, "2")), 0, "knows 2 series"},
		"a histogram":                 {200, vector(`{"metric":{},"histogram":[1,{"count":"3"}]}`), 0, "histogram"},
		"a matrix":                    {200, `{"status":"success","data":{"resultType":"matrix","result":[]}}`, 0, `"matrix"`},
		"a wrong query":               {400, `{"status":"error","errorType":"bad_data","error":"parse error at char 5"}`, 0, `does not take the query: "parse error at char 5"`},
		"an endless error":            {400, `{"status":"error","error":"` + strings.Repeat("x", 5000) + `"}`, 0, "xxx..."},
		"success that is none":        {503, vector(fmt.Sprintf(one, "1")), 0, "503 Service Unavailable"},
		"a page":                      {200, "<html>secret</html>", 0, "not as Prometheus does"},
		"another JSON":                {200, `{"token":"secret"}`, 0, "not as Prometheus does"},
		"nothing":                     {200, "", 0, "not as Prometheus does"},
		"null":                        {200, "null", 0, "not as Prometheus does"},
		"a sample without a time":     {200, vector(`{"value":["1"]}`), 0, "a vector that is none"},
		"a number that is not quoted": {200, vector(`{"value":[1,2]}`), 0, "a vector that is none"},
		"a scalar that is a word":     {200, `{"status":"success","data":{"resultType":"scalar","result":[1,"secret"]}}`, 0, "a sample that is none"},
		"a scalar that is missing":    {200, `{"status":"success","data":{"resultType":"scalar"}}`, 0, "JSON"},
		"too much":                    {200, strings.Repeat(" ", 1<<20), 0, "more than 64 KiB"},
		"too deep":                    {200, strings.Repeat("[", 60000), 0, "not as Prometheus does"},
	} {
		t.Run(sentence, func(t *testing.T) {
			got := metric.Query(t.Context(), standIn(t, body(c.status, c.body)), "up", metric.Options{Now: func() time.Time { return noon }})
			if !got.At.Equal(noon) || got.Value != c.value && !(math.IsNaN(c.value) && math.IsNaN(got.Value)) {
				t.Errorf("%+v, want %v", got, c.value)
			}
			if (c.problem == "") != (got.Problem == "") || !strings.Contains(got.Problem, c.problem) || strings.Contains(got.Problem, "secret") {
				t.Errorf("problem %q, want %q", got.Problem, c.problem)
			}
			if len(got.Problem) > 400 {
				t.Errorf("a problem of %d bytes", len(got.Problem))
			}
		})
	}
}

func TestRequest(t *testing.T) {
	var got *http.Request
	address := standIn(t, func(w http.ResponseWriter, r *http.Request) {
		r.ParseForm()
		got = r
		fmt.Fprint(w, vector(`{"value":[1,"1"]}`))
	})
	if m := metric.Query(t.Context(), address+"/prom/?x=y", `up{a="&"}`, metric.Options{Token: "tok"}); m.Problem != "" {
		t.Fatal(m.Problem)
	}
	if got.URL.Path != "/prom/api/v1/query" || got.URL.RawQuery != "" || got.Form.Get("query") != `up{a="&"}` || got.Header.Get("Authorization") != "Bearer tok" {
		t.Errorf("%s, %v, %v", got.URL, got.Form, got.Header)
	}
}

func TestRedirect(t *testing.T) {
	asked := false
	other := standIn(t, func(w http.ResponseWriter, r *http.Request) {
		asked = true
		fmt.Fprint(w, vector(`{"value":[1,"1"]}`))
	})
	for where, problem := range map[string]string{other + "/api/v1/query": "it redirects to somewhere else", "/loop": "it redirects to somewhere else", "/there": ""} {
		address := standIn(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/there" {
				fmt.Fprint(w, vector(`{"value":[1,"1"]}`))
				return
			}
			http.Redirect(w, r, where, http.StatusTemporaryRedirect)
		})
		m := metric.Query(t.Context(), address, "up", metric.Options{Token: "secret"})
		if (problem == "") != (m.Problem == "") || !strings.Contains(m.Problem, problem) || strings.Contains(m.Problem, "secret") {
			t.Errorf("to %s: %+v", where, m)
		}
	}
	if asked {
		t.Error("another host was asked")
	}
}

func TestNobodyAnswers(t *testing.T) {
	hang := standIn(t, func(w http.ResponseWriter, r *http.Request) {
		w.Write([]byte("{"))
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for sentence, c := range map[string]struct {
		ctx     context.Context
		url     string
		problem string
	}{
		"it hangs":              {t.Context(), hang, "takes too long"},
		"it is gone":            {t.Context(), gone.URL, "does not answer"},
		"nobody waits":          {cancelled, hang, "canceled"},
		"another scheme":        {t.Context(), "file:///etc/passwd", "none of Prometheus"},
		"no host":               {t.Context(), "http:///x", "none of Prometheus"},
		"no url":                {t.Context(), "http://a b", "none of Prometheus"},
		"credentials in a url":  {t.Context(), "http://me:secret@127.0.0.1:1", "credentials"},
		"credentials in a path": {t.Context(), gone.URL + "/?token=secret", "does not answer"},
	} {
		t.Run(sentence, func(t *testing.T) {
			m := metric.Query(c.ctx, c.url, "up", metric.Options{Timeout: 50 * time.Millisecond})
			if !strings.Contains(m.Problem, c.problem) || strings.Contains(m.Problem, "secret") {
				t.Errorf("problem %q, want %q", m.Problem, c.problem)
			}
		})
	}
}

package controller_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"sync"
	"time"

	"k8s.io/client-go/rest"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/promotion/controller"
)

// between puts a handler between a controller and the API server.
func (b *bench) between(handle func(w http.ResponseWriter, r *http.Request, next http.Handler)) *rest.Config {
	b.Helper()
	target, err := url.Parse(b.config.Host)
	if err != nil {
		b.Fatal(err)
	}
	ca := b.config.CAData
	if b.config.CAFile != "" {
		if ca, err = os.ReadFile(b.config.CAFile); err != nil {
			b.Fatal(err)
		}
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, MaxIdleConnsPerHost: 64}
	proxy.FlushInterval = -1 // watches
	proxy.ErrorLog = log.New(io.Discard, "", 0)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handle(w, r, proxy) }))
	server.Config.ErrorLog = proxy.ErrorLog
	server.StartTLS()
	b.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	config := rest.CopyConfig(b.config)
	config.Host = server.URL
	config.TLSClientConfig.CAFile = ""
	config.TLSClientConfig.CAData = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	return config
}

// refuse answers as an API server does that is not well.
func refuse(w http.ResponseWriter, code int, reason string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	fmt.Fprintf(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":%q,"message":"Internal error occurred: etcd is away","code":%d}`, reason, code)
}

// troubled holds that nothing is lost, and no candidate blamed, when requests are
// refused for a while or never answered.
func troubled(b *bench) {
	var mu sync.Mutex
	n, refused := 0, map[string]int{}
	config := b.between(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		mu.Lock()
		n++
		nth := n
		mu.Unlock()
		few := func(what string) bool {
			mu.Lock()
			defer mu.Unlock()
			refused[what]++
			return refused[what] <= 2
		}
		deploys := r.Header.Get("Impersonate-User") != ""
		switch {
		case r.URL.Query().Get("watch") != "":
			next.ServeHTTP(w, r)
		case nth%23 == 0 && !deploys && few("hang"):
			io.Copy(io.Discard, r.Body) // else nobody notices that the client has gone
			<-r.Context().Done()
		case nth%7 == 0 && !deploys && r.Method != http.MethodGet && few("unheard"):
			next.ServeHTTP(httptest.NewRecorder(), r)
			io.Copy(io.Discard, r.Body) // else nobody notices that the client has gone
			<-r.Context().Done()
		case nth%29 == 0 && few("500"):
			refuse(w, http.StatusInternalServerError, "InternalError")
		case nth%31 == 0 && few("429"):
			w.Header().Set("Retry-After", "1")
			refuse(w, http.StatusTooManyRequests, "TooManyRequests")
		default:
			next.ServeHTTP(w, r)
		}
	})
	b.promotion("  - {name: dev, onFailure: rollback}\n  - {name: qa, onFailure: rollback}\n")
	b.run(controller.Options{Config: config, Request: time.Second})
	b.summary("dev 1 Verified, qa 1 Verified")
	b.value("2")
	b.ask()
	b.summary("dev 2 Verified, qa 2 Verified")
	for i := 1; i <= 2; i++ {
		for _, e := range b.candidate(fmt.Sprint(i)).Status.Environments {
			if e.Failed != nil || e.State != v1alpha1.Verified && e.State != v1alpha1.Replaced {
				b.Errorf("candidate %d is %s in %s: %s %+v", i, e.State, e.Name, e.Message, e.History)
			}
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if len(refused) < 4 {
		b.Errorf("of %d requests, those that met trouble are %v", n, refused)
	}
}

package helmsecrets

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// fetchTime bounds a download.
const fetchTime = 30 * time.Second

// fetch downloads a values file that the command line names. No credentials
// are sent but those in the URL, and https never leads to http.
func fetch(ctx context.Context, from string) ([]byte, error) {
	u, err := url.Parse(from)
	if err != nil {
		return nil, errors.New("a URL of a values file cannot be read") // which may hold a password
	}
	name := u.Redacted()
	ctx, cancel := context.WithTimeout(ctx, fetchTime)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, from, nil)
	if err != nil {
		return nil, fmt.Errorf("download %s: %w", name, err)
	}
	client := http.Client{CheckRedirect: func(to *http.Request, via []*http.Request) error {
		if len(via) >= 5 {
			return errors.New("it leads from one address to another without end")
		}
		if to.URL.Scheme != u.Scheme {
			return fmt.Errorf("it leads from %s to %s", u.Scheme, to.URL.Scheme)
		}
		return nil
	}}
	response, err := client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("download values: %w", err)
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusOK:
		return readLimited(name, response.Body)
	case http.StatusNotFound, http.StatusGone:
		return nil, fmt.Errorf("values file %s: %w", name, errMissing)
	}
	return nil, fmt.Errorf("download %s: the server says %s", name, response.Status)
}

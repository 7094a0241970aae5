// Package notify tells people of promotions: it posts JSON as Slack takes it.
package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// timeout bounds a post.
const timeout = 10 * time.Second

// A Sender posts messages. The zero value works.
type Sender struct {
	// PlainHTTP allows addresses without TLS.
	PlainHTTP bool
	// Transport does the requests; nil is that of the machine.
	Transport http.RoundTripper
}

// escape keeps texts of others from being more than text: Slack makes links of
// <ADDRESS|WORDS>, and calls all who are there for <!channel>.
// See https://docs.slack.dev/messaging/formatting-message-text/#escaping.
var escape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// Send posts a text to an address. The address is a secret: no error holds it.
func (s *Sender) Send(ctx context.Context, address, text string) error {
	u, err := url.Parse(strings.TrimSpace(address))
	switch {
	case err != nil || u.Host == "":
		return errors.New("the address of the notification is no URL")
	case u.Scheme != "https" && !(s.PlainHTTP && u.Scheme == "http"):
		return errors.New("the address of the notification does not begin with https://")
	}
	body, err := json.Marshal(map[string]string{"text": escape.Replace(text)})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(body))
	if err != nil {
		return errors.New("the address of the notification is no URL")
	}
	r.Header.Set("Content-Type", "application/json")
	client := http.Client{Transport: s.Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(r)
	if err != nil {
		var inner *url.Error
		if errors.As(err, &inner) {
			err = inner.Err // without the address
		}
		return fmt.Errorf("notify %s: %w", u.Hostname(), err)
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 64<<10))
	if answer.StatusCode/100 != 2 {
		return fmt.Errorf("notify %s: it answers %s", u.Hostname(), answer.Status)
	}
	return nil
}

package controller

import (
	"strings"
	"testing"
)

const kubeconfig = `apiVersion: v1
kind: Config
current-context: c
contexts: [{name: c, context: {cluster: k, user: u}}]
clusters: [{name: k, cluster: {CLUSTER}}]
users: [{name: u, user: {USER}}]
`

// TestRemote: a kubeconfig of somebody else runs no program here, reads no file
// and says not whom to act as.
func TestRemote(t *testing.T) {
	plain := "server: https://example.com"
	for name, c := range map[string]struct{ cluster, user, want string }{
		"a token":                {plain, "token: t", ""},
		"no user at all":         {plain, "", ""},
		"a certificate, inline":  {plain + ", certificate-authority-data: Zm9v", "token: t", ""},
		"a program":              {plain, "exec: {apiVersion: client.authentication.k8s.io/v1, command: sh, interactiveMode: Never}", "exec"},
		"a plugin":               {plain, "auth-provider: {name: oidc}", "auth-provider"},
		"a file of a token":      {plain, "tokenFile: /var/run/secrets/kubernetes.io/serviceaccount/token", "tokenFile"},
		"a file of a client":     {plain, "client-certificate: /a, client-key: /b", "files"},
		"a file of a key":        {plain, "client-certificate-data: Zm9v, client-key: /b", "files"},
		"a file of an authority": {plain + ", certificate-authority: /etc/passwd", "token: t", "certificate-authority"},
		"another user":           {plain, "token: t, as: admin", "serviceAccount"},
		"groups of another user": {plain, "token: t, as-groups: [system:masters]", "serviceAccount"},
		"a proxy":                {plain + ", proxy-url: http://evil.example.com", "token: t", "proxy-url"},
		"no server":              {"", "token: t", "server"},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.NewReplacer("CLUSTER", c.cluster, "USER", c.user).Replace(kubeconfig)
			config, err := remote([]byte(text))
			switch {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want == "" && config.Impersonate.UserName != "":
				t.Errorf("it acts as %s", config.Impersonate.UserName)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("the error is %v, and has no %q", err, c.want)
			}
		})
	}
	for _, text := range []string{"", "a: b", "\x00", "token: secret-in-the-wrong-place: x: y"} {
		if _, err := remote([]byte(text)); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("of %q the error is %v", text, err)
		}
	}
}

// The groups are those that the API server adds to who is acted as.
func TestGroups(t *testing.T) {
	if got := strings.Join(groups("system:serviceaccount:team:deployer"), " "); got != "system:serviceaccounts system:serviceaccounts:team system:authenticated" {
		t.Errorf("they are %s", got)
	}
	if got := groups("ada"); got != nil {
		t.Errorf("somebody else has %v", got)
	}
}

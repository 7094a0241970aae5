package credential

import (
	"strings"
	"testing"
	"time"
)

func TestNamed(t *testing.T) {
	for name, want := range map[string]Kind{
		"DB_PASSWORD": Value, "dbPassword": Value, "PGPASSWORD": Value, "password": Value, "API_KEY": Value, "apiKey": Value, "api-token": Value,
		"AWS_SECRET_ACCESS_KEY": Value, "SECRET_KEY_BASE": Value, "TOKEN_2": Value, "--auth-token": Value, "client_secret": Value, "DB_PASS": Value,
		"db-secret": Object, "aws-credentials": Object,
		"PASSWORD_FILE": None, "SECRET_NAME": None, "token-path": None, "max_tokens": None, "pad_token": None, "tokenizer": None,
		"use-token": None, "PWD": None, "first-pass": None, "sort-key": None, "key": None, "": None, "_": None, "compass": None,
	} {
		if got := Named(name); got != want {
			t.Errorf("Named(%q) = %d, want %d", name, got, want)
		}
	}
}

func TestLiteral(t *testing.T) {
	for value, want := range map[string]bool{
		"hunter2": true, "changeme": true, "supersecret": true, "pa$$word": true, "123456": true,
		"": false, "  ": false, "true": false, "3600": false, "{{inputs.parameters.p}}": false, "$PASSWORD": false, "${P}": false, "$(cat /x)": false,
		"/var/run/secrets/token": false, "<password>": false, "xxxx": false, "****": false, "https://auth.example.com": false, "your-password": false,
	} {
		if got := Literal(Value, value); got != want {
			t.Errorf("Literal(Value, %q) = %v", value, got)
		}
	}
	for value, want := range map[string]bool{"regcred": false, "my-db-secret": false, "aws-s3-creds": false, "s3cr3t": true, "Hunter2!": true} {
		if got := Literal(Object, value); got != want {
			t.Errorf("Literal(Object, %q) = %v", value, got)
		}
	}
}

func TestFind(t *testing.T) {
	for text, want := range map[string]string{
		"key AKIAABCDEFGHIJKLMNOP end":                           "AKIAABCDEFGHIJKLMNOP",
		"git clone https://oauth2:glpat-abc@x.io/a.git":          "glpat-abc",
		"postgres://etl:hunter2@db:5432/dwh":                     "hunter2",
		"redis://:hunter2@cache":                                 "hunter2",
		"t=ghp_abcdefghijklmnopqrst1234":                         "ghp_abcdefghijklmnopqrst1234",
		"Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2ln!":  "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2ln",
		"-----BEGIN RSA PRIVATE KEY-----\nMIIEow":                "-----BEGIN RSA PRIVATE KEY-----",
		"postgres://etl:{{inputs.parameters.pw}}@db/dwh":         "",
		"postgres://etl:$PW@db/dwh":                              "",
		"postgres://db:5432/dwh?x=a@b":                           "",
		"s3://bucket/a@b":                                        "",
		"mail://x:y@":                                            "",
		"-----BEGIN CERTIFICATE-----\nMIIEow":                    "",
		"grep -q '-----BEGIN PRIVATE KEY-----' f":                "",
		"XAKIAABCDEFGHIJKLMNOP":                                  "",
		"AKIAABCDEFGHIJKLMNOPQ":                                  "",
		"ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx":               "",
		"task-with-a-very-long-name-that-is-no-key-at-all-12345": "",
	} {
		got := ""
		if m, ok := Find(text, 0); ok {
			got = text[m.From:m.To]
		}
		if got != want {
			t.Errorf("Find(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestAssignments(t *testing.T) {
	for text, want := range map[string]string{
		"export DB_PASSWORD=hunter2":                    "hunter2",
		"PASSWORD='hun ter'":                            "",
		"psql --password hunter2 -c x":                  "hunter2",
		"psql --password=hunter2 -c x":                  "hunter2",
		"psql --password \"$PW\"":                       "",
		"psql --password --verbose":                     "",
		"PASSWORD=$(cat f)":                             "",
		"PASSWORD=\"${DB}\"":                            "",
		`os.environ["API_KEY"] = "abc123"`:              "abc123",
		`{"password": "hunter2"}`:                       "hunter2",
		"password=password":                             "",
		"f(password=password)":                          "",
		"if token == 'abc123':":                         "",
		`input("Password: "), input("Token: ")`:         "",
		`curl -H "Authorization: Bearer abcdefgh12345"`: "abcdefgh12345",
		`curl -H "Authorization: Bearer $TOKEN"`:        "",
		"docker login --password-stdin":                 "",
	} {
		got := ""
		for a := range Assignments(text, true) {
			got += text[a.From:a.To]
		}
		if got != want {
			t.Errorf("Assignments(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestTextsThatTryToTakeLong(t *testing.T) {
	begin := time.Now()
	for _, s := range []string{"eyJ-", "eyJ.", "://a", "://:", "SG.", "--password ", "password=", "=", "-----BEGIN ", "'password':"} {
		text := strings.Repeat(s, 1<<20/len(s))
		for from := 0; ; {
			m, ok := Find(text, from)
			if !ok {
				break
			}
			from = m.To
		}
		for range Assignments(text, true) {
		}
	}
	if d := time.Since(begin); d > 20*time.Second {
		t.Errorf("took %s", d)
	}
}

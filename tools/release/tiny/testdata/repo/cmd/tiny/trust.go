//go:build linux && amd64

package main

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
)

// trust is left out where it takes long to compile and is not run.
func trust() {
	pool, err := x509.SystemCertPool()
	if err != nil {
		fmt.Println("trust", err)
		return
	}
	text, _ := os.ReadFile("/etc/ssl/certs/ca-certificates.crt")
	block, _ := pem.Decode(text)
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		fmt.Println("trust", err)
		return
	}
	_, err = c.Verify(x509.VerifyOptions{Roots: pool, CurrentTime: c.NotBefore, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	fmt.Println("trust", err)
}

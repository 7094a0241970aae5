// Package upgrade puts the product of now over what an older one has left in a
// cluster: what is stored stays readable, policies hold, releases and promotions
// go on where they were.
//
// testdata/VERSION holds what a version left: its chart, and the objects that it
// wrote itself, in a real API server. TestMake tells how, and makes it again:
//
//	MAKE=policies=79bf268 go test -run TestMake ./test/upgrade
package upgrade

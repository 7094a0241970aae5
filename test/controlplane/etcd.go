package main

import (
	"errors"
	"net/url"
	"path/filepath"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
)

// A store is the etcd of this process, on ports that the system chooses.
type store struct{ url string }

func startEtcd(dir string) (*store, error) {
	c := embed.NewConfig()
	c.Dir = dir
	c.LogLevel = "error"
	c.LogOutputs = []string{"stderr"}
	c.UnsafeNoFsync = true // a test cluster need not survive a power cut
	client := url.URL{Scheme: "http", Host: "127.0.0.1:0"}
	peer := url.URL{Scheme: "http", Host: "127.0.0.1:0"}
	c.ListenClientUrls, c.AdvertiseClientUrls = []url.URL{client}, []url.URL{client}
	c.ListenPeerUrls, c.AdvertisePeerUrls = []url.URL{peer}, []url.URL{peer}
	c.InitialCluster = c.InitialClusterFromName(c.Name)
	if known, _ := filepath.Glob(filepath.Join(dir, "member", "wal", "*.wal")); len(known) > 0 {
		c.ClusterState = embed.ClusterStateFlagExisting
	}
	e, err := embed.StartEtcd(c)
	if err != nil {
		return nil, err
	}
	select {
	case <-e.Server.ReadyNotify():
	case err := <-e.Err():
		return nil, err
	case <-time.After(time.Minute):
		e.Close()
		return nil, errors.New("it is not ready after a minute")
	}
	return &store{"http://" + e.Clients[0].Addr().String()}, nil
}

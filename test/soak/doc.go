// Package soak lets webhook and controller work for a long time while everything
// around them breaks and comes back, and counts what was answered wrongly, lost,
// deployed twice or never given back.
//
// What runs is real: two replicas of each program, with the arguments, the
// certificates and the rights of the chart, an API server, Helm and git. What
// stands in is a kubelet, which starts again what has ended; a kube-proxy, which
// spreads connections over the replicas that are ready; and a workflow engine,
// which lets each run succeed.
package soak

// Package client speaks the HTTP API of armslog: what the command line uses,
// and what another program in Go may use as well.
package client

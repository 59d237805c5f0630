package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"os"
	"os/exec"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	pb "unisono/v1"
)

// Server is where and as whom a device connects.
type Server struct {
	Target       string
	Authority    string // a file with the certificate of the server's issuer; empty: those of the system
	TokenFile    string
	TokenCommand string
	Token        string // a fixed one
	access       string // the token in use; empty: take one anew
}

// connection is one HTTP/2 connection. Each stream has its own: one that fell silent is worth nothing for the next.
type connection struct {
	*grpc.ClientConn
	access string
}

func (server *Server) connect() (*connection, error) {
	if server.access == "" {
		access, err := server.takeToken()
		if err != nil {
			return nil, err
		}
		server.access = access
	}
	secure, err := server.credentials()
	if err != nil {
		return nil, err
	}
	// No keepalive: the heartbeats do that, and a server closes connections that ping too often.
	client, err := grpc.NewClient(server.Target, grpc.WithTransportCredentials(secure))
	return &connection{client, server.access}, err
}

// as returns a context with the access token.
func (connection *connection) as(ctx context.Context) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+connection.access)
}

func (connection *connection) feeds() pb.FeedServiceClient {
	return pb.NewFeedServiceClient(connection.ClientConn)
}

func (connection *connection) notifications() pb.NotificationServiceClient {
	return pb.NewNotificationServiceClient(connection.ClientConn)
}

func (server *Server) takeToken() (string, error) {
	text := []byte(server.Token)
	var err error
	if server.TokenFile != "" {
		text, err = os.ReadFile(server.TokenFile)
	} else if server.TokenCommand != "" {
		text, err = exec.Command("sh", "-c", server.TokenCommand).Output()
	}
	if err == nil && len(text) == 0 {
		err = errors.New("there is no access token")
	}
	return strings.TrimSpace(string(text)), err
}

// isFixed returns whether there is no other token than this one.
func (server *Server) isFixed() bool { return server.TokenFile == "" && server.TokenCommand == "" }

// credentials are TLS, except on this machine: a token in clear text is for whoever listens.
func (server *Server) credentials() (credentials.TransportCredentials, error) {
	if server.Authority == "" && isLoopback(server.Target) {
		return insecure.NewCredentials(), nil
	}
	config := &tls.Config{}
	if server.Authority != "" {
		certificate, err := os.ReadFile(server.Authority)
		if err != nil {
			return nil, err
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(certificate) {
			return nil, errors.New(server.Authority + " holds no certificate")
		}
	}
	return credentials.NewTLS(config), nil
}

func isLoopback(target string) bool {
	host, _, err := net.SplitHostPort(target)
	return err == nil && (host == "localhost" || net.ParseIP(host).IsLoopback())
}

// An example policy service: whoever connects is asked for a one-time code (TOTP, RFC 6238), inside
// the open decision where the client can, by a question inside a deny where it cannot.
// judge.go is what a policy of your own changes.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	policyv1 "ovpnbroker/policy/v1"
)

const stopGrace = 500 * time.Millisecond

// service keeps the rules of the stream, so that the judge need not know them.
type service struct {
	policyv1.UnimplementedPolicyServiceServer
	judge *judge
}

// StreamDecisions is called in a goroutine of its own for each stream. The judge never waits, so
// questions are answered one after the other, and only this goroutine sends.
func (s *service) StreamDecisions(stream policyv1.PolicyService_StreamDecisionsServer) error {
	on := capabilities{}
	for {
		message, err := stream.Recv()
		if err == io.EOF { // the broker closed its side, after it said Drain
			return nil
		}
		if err != nil {
			return err
		}
		answer := &policyv1.StreamDecisionsResponse{}
		switch arm := message.Message.(type) {
		case *policyv1.StreamDecisionsRequest_Hello:
			answer.Message = &policyv1.StreamDecisionsResponse_HelloAck{HelloAck: greet(arm.Hello, on)}
		case *policyv1.StreamDecisionsRequest_DecisionRequest:
			decision := s.judge.decide(arm.DecisionRequest, on)
			answer.Message = &policyv1.StreamDecisionsResponse_Decision{Decision: decision}
		case *policyv1.StreamDecisionsRequest_Heartbeat:
			answer.Message = &policyv1.StreamDecisionsResponse_Heartbeat{Heartbeat: arm.Heartbeat}
		default: // outcomes and cancellations; and whatever a later version adds
			continue
		}
		if err := stream.Send(answer); err != nil {
			return err
		}
	}
}

// greet switches on what is offered and of use.
func greet(hello *policyv1.Hello, on capabilities) *policyv1.HelloAck {
	ack := &policyv1.HelloAck{PolicyId: "go-example", PolicyRevision: "1"}
	for _, offered := range hello.Capabilities {
		if offered == capPendingAuth || offered == capPassword || offered == capDryRun {
			on[offered] = true
			ack.Capabilities = append(ack.Capabilities, offered)
		}
	}
	return ack
}

// mutualTLS lets only brokers with a certificate of the CA ask.
func mutualTLS(cert, key, clientCA string) (grpc.ServerOption, error) {
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("%s, %s: %w", cert, key, err)
	}
	pem, err := os.ReadFile(clientCA)
	if err != nil {
		return nil, err
	}
	authorities := x509.NewCertPool()
	if !authorities.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s: holds no certificate", clientCA)
	}
	return grpc.Creds(credentials.NewTLS(&tls.Config{
		Certificates: []tls.Certificate{pair},
		ClientCAs:    authorities,
		ClientAuth:   tls.RequireAndVerifyClientCert,
		MinVersion:   tls.VersionTLS12,
	})), nil
}

// open listens; a socket that an earlier run left behind is replaced.
func open(address string) (net.Listener, string, error) {
	path := strings.TrimPrefix(address, "unix:")
	if path == address {
		listener, err := net.Listen("tcp", address)
		if err != nil {
			return nil, "", err
		}
		return listener, listener.Addr().String(), nil // port 0 took a free one
	}
	if info, err := os.Lstat(path); err == nil && info.Mode()&os.ModeSocket != 0 {
		if err := os.Remove(path); err != nil {
			return nil, "", err
		}
	}
	listener, err := net.Listen("unix", path)
	return listener, address, err
}

func run() error {
	listen := flag.String("listen", "unix:/tmp/ovpn-policy.sock", "`ADDRESS`: unix:/path or HOST:PORT")
	secretsPath := flag.String("secrets", "secrets.txt", "`FILE` with lines of USER and base32 secret")
	showCode := flag.String("code", "", "print the code that `USER`'s authenticator shows now, and end")
	cert := flag.String("tls-cert", "", "PEM `FILE`: our certificate; with it TLS is on")
	key := flag.String("tls-key", "", "PEM `FILE`: its key")
	clientCA := flag.String("tls-client-ca", "", "PEM `FILE`: the CA of the brokers that may ask")
	flag.Parse()
	if flag.NArg() != 0 {
		return fmt.Errorf("%q is not an option; see --help", flag.Arg(0))
	}

	secrets := &secretFile{path: *secretsPath}
	secret, err := secrets.keyOf(*showCode)
	if err != nil {
		return err
	}
	if *showCode != "" {
		if secret == nil {
			return fmt.Errorf("%s: %q has no secret", *secretsPath, *showCode)
		}
		fmt.Println(codeOf(secret, stepAt(time.Now())))
		return nil
	}

	var options []grpc.ServerOption
	if *cert != "" || *key != "" || *clientCA != "" {
		if *cert == "" || *key == "" || *clientCA == "" {
			return fmt.Errorf("--tls-cert, --tls-key and --tls-client-ca go together")
		}
		option, err := mutualTLS(*cert, *key, *clientCA)
		if err != nil {
			return err
		}
		options = append(options, option)
	}
	server := grpc.NewServer(options...)
	policyv1.RegisterPolicyServiceServer(server, &service{judge: newJudge(secrets, time.Now)})
	listener, address, err := open(*listen)
	if err != nil {
		return err
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-stop
		time.AfterFunc(stopGrace, server.Stop) // brokers keep their streams open
		server.GracefulStop()
	}()
	fmt.Println("policy listens on", address)
	return server.Serve(listener)
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "otp-policy:", err)
		os.Exit(1)
	}
}

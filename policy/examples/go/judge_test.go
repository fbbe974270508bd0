package main

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	policyv1 "ovpnbroker/policy/v1"
	typev1 "ovpnbroker/type/v1"
)

// The key of RFC 6238, appendix B.
const rfcKey = "12345678901234567890"

var (
	start      = time.Unix(1111111109, 0)
	both       = capabilities{capPendingAuth: true, capPassword: true}
	rfcSecrets = "# comment\nalice GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\n"
)

type bench struct {
	*testing.T
	judge *judge
	now   time.Time
	asked int
}

func newBench(t *testing.T) *bench {
	path := filepath.Join(t.TempDir(), "secrets.txt")
	if err := os.WriteFile(path, []byte(rfcSecrets), 0o600); err != nil {
		t.Fatal(err)
	}
	b := &bench{T: t, now: start}
	b.judge = newJudge(&secretFile{path: path}, func() time.Time { return b.now })
	return b
}

func (b *bench) connect(methods ...string) *policyv1.DecisionRequest {
	b.asked++
	return &policyv1.DecisionRequest{
		DecisionId:         fmt.Sprint("decision-", b.asked),
		Kind:               policyv1.DecisionRequest_KIND_CONNECT,
		Session:            &typev1.Session{Username: "alice", CommonName: "alice"},
		PendingAuthMethods: methods,
	}
}

func (b *bench) password(text string) *policyv1.DecisionRequest {
	request := b.connect()
	request.Credentials = &typev1.Credentials{Username: []byte("alice"), Password: []byte(text)}
	return request
}

func (b *bench) response(code string) *policyv1.DecisionRequest {
	request := b.connect(crtext)
	request.Kind, request.Round = policyv1.DecisionRequest_KIND_CHALLENGE_RESPONSE, 1
	answer := base64.StdEncoding.EncodeToString([]byte(code))
	request.Credentials = &typev1.Credentials{ChallengeResponse: []byte(answer)}
	return request
}

func (b *bench) code() string { return codeOf([]byte(rfcKey), stepAt(b.now)) }

// expect wants "allow", "pending_auth", or the code of a deny.
func (b *bench) expect(want string, request *policyv1.DecisionRequest, on capabilities) *policyv1.Decision {
	b.Helper()
	decision := b.judge.decide(request, on)
	came := "nothing"
	switch verdict := decision.Verdict.(type) {
	case *policyv1.Decision_Allow:
		came = "allow"
	case *policyv1.Decision_PendingAuth:
		came = "pending_auth"
	case *policyv1.Decision_Deny:
		came = verdict.Deny.Code
	case *policyv1.Decision_Failure:
		came = "failure: " + verdict.Failure.Status.Message
	}
	if came != want {
		b.Errorf("expected %s, came %s", want, came)
	}
	return decision
}

func TestCodeOf_VectorsOfTheRFC(t *testing.T) {
	// The last six of the RFC's eight digits.
	for seconds, want := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		if code := codeOf([]byte(rfcKey), stepAt(time.Unix(seconds, 0))); code != want {
			t.Errorf("at %d: %s instead of %s", seconds, code, want)
		}
	}
}

func TestMatchingStep_TakesOneStepOfSkewAndNoMore(t *testing.T) {
	for skew := int64(-2); skew <= 2; skew++ {
		step := stepAt(start) + skew
		matched, ok := matchingStep([]byte(rfcKey), codeOf([]byte(rfcKey), step), start)
		if want := skew >= -1 && skew <= 1; ok != want || (ok && matched != step) {
			t.Errorf("skew %d: %v, step %d", skew, ok, matched)
		}
	}
}

func TestQuestion_InsideTheDecisionWhereTheClientCan(t *testing.T) {
	b := newBench(t)
	b.expect("pending_auth", b.connect("webauth", crtext), both)
	b.expect("allow", b.response(b.code()), both)
}

func TestQuestion_NotRepeatedForNewKeysOrAGoodToken(t *testing.T) {
	b := newBench(t)
	reauth := b.connect(crtext)
	reauth.Kind = policyv1.DecisionRequest_KIND_REAUTH
	b.expect("allow", reauth, both)
	for state, want := range map[policyv1.TokenState]string{
		policyv1.TokenState_TOKEN_STATE_AUTHENTICATED: "allow",
		policyv1.TokenState_TOKEN_STATE_EXPIRED:       "pending_auth",
		policyv1.TokenState_TOKEN_STATE_INVALID:       "TOKEN",
	} {
		request := b.connect(crtext)
		request.TokenState = state
		b.expect(want, request, both)
	}
}

func TestQuestion_InsideADenyWhereTheClientCannot(t *testing.T) {
	b := newBench(t)
	question := b.expect("OTP_WANTED", b.password("anything"), both).GetDeny().Challenge
	answer := dynamicPrefix + question.StateId + "::"
	b.expect("allow", b.password(answer+b.code()), both)
	b.now = b.now.Add(time.Minute)
	b.expect("OTP_STALE", b.password(answer+b.code()), both) // its question is answered

	question = b.expect("OTP_WANTED", b.password(""), both).GetDeny().Challenge
	b.now = b.now.Add(questionLife)
	b.expect("OTP_STALE", b.password(dynamicPrefix+question.StateId+"::"+b.code()), both)
	b.expect("OTP_STALE", b.password("CRV1::nonsense"), both)
}

func TestNoQuestion_SaysWhatIsMissing(t *testing.T) {
	b := newBench(t)
	for want, on := range map[string]capabilities{"grant_password": {capPendingAuth: true}, "auth-user-pass": both} {
		reason := b.expect("OTP_NOT_POSSIBLE", b.connect("webauth"), on).GetDeny().Reason
		if !strings.Contains(reason, want) {
			t.Errorf("%q does not name %s", reason, want)
		}
	}
	b.expect("OTP_NOT_POSSIBLE", b.connect(crtext), capabilities{})
	certificateOnly := b.password("")
	certificateOnly.Credentials.Username = nil
	b.expect("OTP_NOT_POSSIBLE", certificateOnly, both)
}

func TestCode_CountsOnce(t *testing.T) {
	b := newBench(t)
	b.expect("allow", b.response(b.code()), both)
	b.expect("OTP_WRONG", b.response(b.code()), both)
	b.now = b.now.Add(stepSeconds * time.Second)
	b.expect("allow", b.response(b.code()), both)
}

func TestSameDecision_GetsTheSameVerdict(t *testing.T) {
	b := newBench(t)
	request := b.response(b.code())
	first := b.expect("allow", request, both)
	request.Attempt = 2
	if !proto.Equal(first, b.expect("allow", request, both)) {
		t.Error("the verdict changed")
	}
}

func TestWrongCodes_LockForAWhile(t *testing.T) {
	b := newBench(t)
	for try := 1; try < maxWrongCodes; try++ {
		b.expect("OTP_WRONG", b.response("no code"), both)
	}
	b.expect("OTP_LOCKED", b.response("000000"), both)
	b.expect("OTP_LOCKED", b.response(b.code()), both)
	b.expect("OTP_LOCKED", b.connect(crtext), both)
	b.now = b.now.Add(lockDuration)
	b.expect("allow", b.response(b.code()), both)
}

func TestDryRun_SpendsAndRemembersNothing(t *testing.T) {
	b := newBench(t)
	dry := func(request *policyv1.DecisionRequest) *policyv1.DecisionRequest {
		request.DryRun = true
		return request
	}
	for try := 0; try <= maxWrongCodes; try++ {
		b.expect("OTP_WRONG", dry(b.response("no code")), both)
	}
	b.expect("allow", dry(b.response(b.code())), both)
	b.expect("allow", b.response(b.code()), both)

	unheard := b.expect("OTP_WANTED", dry(b.password("")), both).GetDeny().Challenge
	b.expect("OTP_STALE", b.password(dynamicPrefix+unheard.StateId+"::"+b.code()), both)
	b.now = b.now.Add(stepSeconds * time.Second)
	question := b.expect("OTP_WANTED", b.password(""), both).GetDeny().Challenge
	answer := dynamicPrefix + question.StateId + "::" + b.code()
	b.expect("allow", dry(b.password(answer)), both)
	b.expect("allow", b.password(answer), both)
}

func TestName_MustBeTheCertificates(t *testing.T) {
	b := newBench(t)
	for _, session := range []*typev1.Session{{}, {Username: "alice", CommonName: "mallory"}} {
		request := b.response(b.code())
		request.Session = session
		b.expect("NAME", request, both)
	}
	request := b.response(b.code())
	request.Session = &typev1.Session{CommonName: "carol"}
	b.expect("OTP_NOT_ENROLLED", request, both)
}

func TestSecrets_ErrorsNameTheLineAndNoSecret(t *testing.T) {
	for text, want := range map[string]string{
		"a b c":                   "s:1: expected USER",
		"\nalice 1111":            `s:2: the secret of "alice" is not base32`,
		"alice GEZDGNBV":          "s:1: the secret of \"alice\" has 5 bytes",
		rfcSecrets + rfcSecrets:   `s:4: "alice" is there twice`,
		"alice " + "!!!!!!!!!!!!": "is not base32",
	} {
		_, err := parseSecrets(text, "s")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
		if err != nil && strings.Contains(err.Error(), "GEZDGNBV") {
			t.Errorf("tells the secret: %v", err)
		}
	}
}

func TestSecrets_ChangeCountsFromTheNextQuestion(t *testing.T) {
	b := newBench(t)
	b.expect("pending_auth", b.connect(crtext), both)
	if err := os.WriteFile(b.judge.secrets.path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	b.expect("OTP_NOT_ENROLLED", b.connect(crtext), both)
	os.Remove(b.judge.secrets.path)
	decision := b.judge.decide(b.connect(crtext), both)
	if decision.GetFailure() == nil {
		t.Errorf("without secrets: %v", decision)
	}
}

func TestExpiring_DropsTheOldestBeyondItsLimit(t *testing.T) {
	kept := newExpiring(time.Minute, 2)
	for _, key := range []string{"a", "b", "c"} {
		kept.put(key, key, start)
	}
	for key, want := range map[string]bool{"a": false, "b": true, "c": true} {
		if _, ok := kept.get(key, start); ok != want {
			t.Errorf("%s: %v", key, ok)
		}
	}
	if _, ok := kept.get("c", start.Add(time.Minute)); ok {
		t.Error("outlived its life")
	}
}

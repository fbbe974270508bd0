package main

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"sync"
	"time"

	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/genproto/googleapis/rpc/status"
	policyv1 "ovpnbroker/policy/v1"
	typev1 "ovpnbroker/type/v1"
)

const (
	question       = "Your one-time code"
	questionLife   = 3 * time.Minute  // to answer a question inside a deny
	verdictLife    = 10 * time.Minute // for which a question that is asked again gets the same verdict
	dynamicPrefix  = "CRV1::"
	crtext         = "crtext"
	stateIDBytes   = 16
	maxRemembered  = 65536
	capPendingAuth = policyv1.Capability_CAPABILITY_PENDING_AUTH
	capPassword    = policyv1.Capability_CAPABILITY_PASSWORD
	capDryRun      = policyv1.Capability_CAPABILITY_DRY_RUN
)

// capabilities are those that are switched on for a stream.
type capabilities map[policyv1.Capability]bool

// judge decides. A certificate is what a client has shown before; the code comes on top of it. Safe
// for concurrent use: several brokers may have a stream each.
type judge struct {
	secrets *secretFile
	now     func() time.Time

	mutex     sync.Mutex
	guard     guard
	questions *expiring // state_id of a question inside a deny -> user
	verdicts  *expiring // decision_id and round -> *policyv1.Decision
}

func newJudge(secrets *secretFile, now func() time.Time) *judge {
	return &judge{
		secrets:   secrets,
		now:       now,
		guard:     guard{users: make(map[string]attempts)},
		questions: newExpiring(questionLife, maxRemembered),
		verdicts:  newExpiring(verdictLife, maxRemembered),
	}
}

// decide gives the same verdict when it is asked again: the code was spent the first time. A dry run
// is only looked at: it spends no code, counts no guess, and nothing of it is remembered.
func (j *judge) decide(request *policyv1.DecisionRequest, on capabilities) *policyv1.Decision {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	key := fmt.Sprintf("%s/%d", request.DecisionId, request.Round)
	if verdict, ok := j.verdicts.get(key, j.now()); ok {
		return verdict.(*policyv1.Decision)
	}
	decision := j.verdict(request, on)
	decision.DecisionId = request.DecisionId
	if !request.DryRun {
		j.verdicts.put(key, decision, j.now())
	}
	return decision
}

func (j *judge) verdict(request *policyv1.DecisionRequest, on capabilities) *policyv1.Decision {
	user, err := userOf(request.GetSession())
	if err != nil {
		return deny("NAME", err.Error(), "")
	}
	key, err := j.secrets.keyOf(user)
	if err != nil {
		return failure(err) // not a deny: the broker asks another replica, or tells the client to come back
	}
	if key == nil {
		return deny("OTP_NOT_ENROLLED", fmt.Sprintf("%q has no secret", user), "")
	}
	if request.Kind == policyv1.DecisionRequest_KIND_CHALLENGE_RESPONSE {
		answer, err := base64.StdEncoding.DecodeString(string(request.GetCredentials().GetChallengeResponse()))
		if err != nil {
			return j.check(request, user, key, "")
		}
		return j.check(request, user, key, string(answer))
	}
	switch request.TokenState {
	case policyv1.TokenState_TOKEN_STATE_UNSPECIFIED, policyv1.TokenState_TOKEN_STATE_INITIAL,
		policyv1.TokenState_TOKEN_STATE_EXPIRED:
	case policyv1.TokenState_TOKEN_STATE_AUTHENTICATED:
		return allow() // the server gave the token to a client that had answered
	default:
		return deny("TOKEN", "the token is not genuine", "")
	}
	if request.Kind == policyv1.DecisionRequest_KIND_REAUTH {
		return allow() // new keys for a session that is in: its user is not asked each hour
	}
	return j.ask(request, on, user, key)
}

// userOf is the name that the code belongs to. Somebody else's certificate does not help.
func userOf(session *typev1.Session) (string, error) {
	name, certified := session.GetUsername(), session.GetCommonName()
	switch {
	case name == "" && certified == "":
		return "", fmt.Errorf("the client has no name")
	case name != "" && certified != "" && name != certified:
		return "", fmt.Errorf("user name %q with the certificate of %q", name, certified)
	case name != "":
		return name, nil
	default:
		return certified, nil
	}
}

// ask puts the question the way that the client understands, or takes its answer to the older one.
func (j *judge) ask(request *policyv1.DecisionRequest, on capabilities, user string, key []byte) *policyv1.Decision {
	if wait := j.guard.users[user].lockedFor(j.now()); wait > 0 {
		return locked(wait)
	}
	credentials := request.GetCredentials()
	// OpenVPN hands on an empty password for a client that logs in with its certificate alone.
	hasPassword := on[capPassword] && credentials != nil && credentials.Password != nil && len(credentials.Username) != 0
	if password := string(credentials.GetPassword()); hasPassword && strings.HasPrefix(password, dynamicPrefix) {
		stateID, answer := splitAnswer(password)
		asked, ok := j.questions.get(stateID, j.now())
		if ok && !request.DryRun {
			j.questions.drop(stateID)
		}
		if !ok || asked.(string) != user {
			return deny("OTP_STALE", "the answer is to no open question", "The question is too old. Connect again.")
		}
		return j.check(request, user, key, answer)
	}
	if on[capPendingAuth] && contains(request.PendingAuthMethods, crtext) {
		step := &policyv1.PendingAuth{Method: &policyv1.PendingAuth_ChallengeText{ChallengeText: question}, Echo: true}
		return &policyv1.Decision{Verdict: &policyv1.Decision_PendingAuth{PendingAuth: step}}
	}
	if !hasPassword {
		return deny("OTP_NOT_POSSIBLE", cannotAsk(on), "This server asks for a one-time code, which this client does not support.")
	}
	stateID, err := newStateID()
	if err != nil {
		return failure(err)
	}
	if !request.DryRun {
		j.questions.put(stateID, user, j.now())
	}
	decision := deny("OTP_WANTED", "asked for the one-time code", "")
	decision.GetDeny().Challenge = &policyv1.DynamicChallenge{StateId: stateID, Text: question, Echo: true}
	return decision
}

func (j *judge) check(request *policyv1.DecisionRequest, user string, key []byte, answer string) *policyv1.Decision {
	admitted, tries := j.guard.try(user, key, strings.TrimSpace(answer), j.now())
	if !request.DryRun {
		j.guard.users[user] = tries
	}
	if admitted {
		return allow()
	}
	if wait := tries.lockedFor(j.now()); wait > 0 {
		return locked(wait)
	}
	return deny("OTP_WRONG", "the one-time code is wrong or was used before", "The code is not right. Wait for the next one.")
}

func cannotAsk(on capabilities) string {
	if !on[capPassword] {
		return "the client cannot be asked: it lacks crtext, and grant_password is not set for this policy"
	}
	return "the client cannot be asked: it lacks crtext and gave no password (auth-user-pass)"
}

// splitAnswer takes CRV1::STATE_ID::ANSWER apart.
func splitAnswer(password string) (stateID, answer string) {
	rest := strings.TrimPrefix(password, dynamicPrefix)
	if at := strings.Index(rest, "::"); at >= 0 {
		return rest[:at], rest[at+len("::"):]
	}
	return "", ""
}

func newStateID() (string, error) {
	var random [stateIDBytes]byte
	_, err := rand.Read(random[:])
	return hex.EncodeToString(random[:]), err
}

func contains(words []string, word string) bool {
	for _, one := range words {
		if one == word {
			return true
		}
	}
	return false
}

func allow() *policyv1.Decision {
	return &policyv1.Decision{Verdict: &policyv1.Decision_Allow{Allow: &policyv1.Allow{}}}
}

func deny(code, reason, clientReason string) *policyv1.Decision {
	verdict := &policyv1.Deny{Code: code, Reason: reason, ClientReason: clientReason}
	return &policyv1.Decision{Verdict: &policyv1.Decision_Deny{Deny: verdict}}
}

func locked(wait time.Duration) *policyv1.Decision {
	minutes := int(wait/time.Minute) + 1
	return deny("OTP_LOCKED", fmt.Sprintf("%d wrong codes; locked for %d min", maxWrongCodes, minutes),
		fmt.Sprintf("Too many wrong codes. Try again in %d min.", minutes))
}

func failure(err error) *policyv1.Decision {
	why := &status.Status{Code: int32(code.Code_UNAVAILABLE), Message: err.Error()}
	return &policyv1.Decision{Verdict: &policyv1.Decision_Failure{Failure: &policyv1.Failure{Status: why}}}
}

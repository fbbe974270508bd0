package main

import (
	"time"
)

const (
	maxWrongCodes = 5
	lockDuration  = 15 * time.Minute
)

type attempts struct {
	usedStep int64 // codes up to this time step are spent
	wrong    int
	lastTry  time.Time
}

// guard makes a code count once, and stops those who guess. It lives in memory: after a restart of
// the policy a code of the last minute would be taken again, so a policy of your own stores this,
// and shares it among replicas. Not safe for concurrent use.
type guard struct {
	users map[string]*attempts
}

func (g *guard) lockedFor(user string, now time.Time) time.Duration {
	tries := g.users[user]
	if tries == nil || tries.wrong < maxWrongCodes {
		return 0
	}
	return tries.lastTry.Add(lockDuration).Sub(now)
}

// admit tells whether the code is right, fresh, and not one guess too many.
func (g *guard) admit(user string, key []byte, code string, now time.Time) bool {
	if g.lockedFor(user, now) > 0 {
		return false
	}
	tries := g.users[user]
	if tries == nil {
		tries = &attempts{}
		g.users[user] = tries
	}
	if now.Sub(tries.lastTry) >= lockDuration {
		tries.wrong = 0
	}
	tries.lastTry = now
	step, right := matchingStep(key, code, now)
	if !right || step <= tries.usedStep {
		tries.wrong++
		return false
	}
	tries.usedStep, tries.wrong = step, 0
	return true
}

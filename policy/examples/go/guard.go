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
	users map[string]attempts
}

func (a attempts) lockedFor(now time.Time) time.Duration {
	if a.wrong < maxWrongCodes {
		return 0
	}
	return a.lastTry.Add(lockDuration).Sub(now)
}

// try tells whether the code is right, fresh, and not one guess too many, and the user's attempts
// with this one. It counts once the caller puts them into `users`.
func (g *guard) try(user string, key []byte, code string, now time.Time) (bool, attempts) {
	tries := g.users[user]
	if tries.lockedFor(now) > 0 {
		return false, tries
	}
	if now.Sub(tries.lastTry) >= lockDuration {
		tries.wrong = 0
	}
	tries.lastTry = now
	step, right := matchingStep(key, code, now)
	if !right || step <= tries.usedStep {
		tries.wrong++
		return false, tries
	}
	tries.usedStep, tries.wrong = step, 0
	return true, tries
}

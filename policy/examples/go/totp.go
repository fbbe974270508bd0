package main

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"time"
)

// What authenticator apps assume: SHA-1, 30 s, six digits.
const (
	stepSeconds  = 30
	codeDigits   = 6
	codeModulus  = 1000000
	allowedSkew  = 1 // steps that the user's clock, or typing, may be off
	minKeyLength = 16
)

func stepAt(now time.Time) int64 { return now.Unix() / stepSeconds }

// codeOf is the code of one time step: RFC 6238, on top of RFC 4226.
func codeOf(key []byte, step int64) string {
	var counter [8]byte
	binary.BigEndian.PutUint64(counter[:], uint64(step))
	mac := hmac.New(sha1.New, key)
	mac.Write(counter[:])
	sum := mac.Sum(nil)
	offset := sum[len(sum)-1] & 0xf
	number := binary.BigEndian.Uint32(sum[offset:]) & 0x7fffffff
	return fmt.Sprintf("%0*d", codeDigits, number%codeModulus)
}

// matchingStep is the latest time step around now whose code this is. All steps are compared, each in
// constant time, so that the time it takes says nothing of the code.
func matchingStep(key []byte, code string, now time.Time) (int64, bool) {
	matched, ok := int64(0), false
	for step := stepAt(now) - allowedSkew; step <= stepAt(now)+allowedSkew; step++ {
		if subtle.ConstantTimeCompare([]byte(codeOf(key, step)), []byte(code)) == 1 {
			matched, ok = step, true
		}
	}
	return matched, ok
}

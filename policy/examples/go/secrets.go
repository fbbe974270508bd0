package main

import (
	"encoding/base32"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"
)

// secretFile knows each user's key, from lines of "USER BASE32". A change of the file counts from the
// next question on.
type secretFile struct {
	path string

	mutex   sync.Mutex
	changed time.Time
	size    int64
	keys    map[string][]byte
}

// keyOf returns nil for a user without a key. An error names file and line; nobody gets in until it
// is mended.
func (file *secretFile) keyOf(user string) ([]byte, error) {
	file.mutex.Lock()
	defer file.mutex.Unlock()
	info, err := os.Stat(file.path)
	if err != nil {
		return nil, err
	}
	if file.keys == nil || info.ModTime() != file.changed || info.Size() != file.size {
		text, err := os.ReadFile(file.path)
		if err != nil {
			return nil, err
		}
		keys, err := parseSecrets(string(text), file.path)
		if err != nil {
			return nil, err
		}
		file.keys, file.changed, file.size = keys, info.ModTime(), info.Size()
	}
	return file.keys[user], nil
}

func parseSecrets(text, path string) (map[string][]byte, error) {
	keys := make(map[string][]byte)
	for number, line := range strings.Split(text, "\n") {
		words := strings.Fields(line)
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		place := fmt.Sprintf("%s:%d", path, number+1)
		if len(words) != 2 {
			return nil, fmt.Errorf("%s: expected USER and a base32 secret", place)
		}
		user, secret := words[0], strings.TrimRight(strings.ToUpper(words[1]), "=")
		key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
		if err != nil {
			return nil, fmt.Errorf("%s: the secret of %q is not base32 (A-Z, 2-7)", place, user)
		}
		if len(key) < minKeyLength {
			return nil, fmt.Errorf("%s: the secret of %q has %d bytes; %d are the least", place, user, len(key), minKeyLength)
		}
		if _, twice := keys[user]; twice {
			return nil, fmt.Errorf("%s: %q is there twice", place, user)
		}
		keys[user] = key
	}
	return keys, nil
}

package main

import "time"

// expiring is a map whose entries live for a while; beyond its limit the oldest go first. Not safe
// for concurrent use.
type expiring struct {
	life    time.Duration
	limit   int
	entries map[string]entry
	order   []stamp // oldest first; may name entries that were dropped
}

type entry struct {
	value interface{}
	born  time.Time
}

type stamp struct {
	key  string
	born time.Time
}

func newExpiring(life time.Duration, limit int) *expiring {
	return &expiring{life: life, limit: limit, entries: make(map[string]entry)}
}

// put expects a key that it does not hold.
func (e *expiring) put(key string, value interface{}, now time.Time) {
	for len(e.order) > 0 && (len(e.order) >= e.limit || now.Sub(e.order[0].born) >= e.life) {
		delete(e.entries, e.order[0].key)
		e.order = e.order[1:]
	}
	e.entries[key] = entry{value, now}
	e.order = append(e.order, stamp{key, now})
}

func (e *expiring) get(key string, now time.Time) (interface{}, bool) {
	found, ok := e.entries[key]
	if !ok || now.Sub(found.born) >= e.life {
		return nil, false
	}
	return found.value, true
}

func (e *expiring) drop(key string) { delete(e.entries, key) }

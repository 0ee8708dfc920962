package matching

// Scratch holds the buffers of comparisons and searches, so that a reader
// allocates nothing. The zero value is ready. One scratch serves one goroutine
// at a time.
type Scratch struct {
	asked, other reading
	text         []rune
	row, below   []evidence
	trigrams     []trigram
	marks, more  []uint32
	hits         []Hit
}

package matching

const (
	pageBits = 12
	pageSize = 1 << pageBits
)

// column is one attribute of all marks. It grows by pages, so that it never
// copies what it holds, never has more than a page to spare, and costs nothing
// where no mark has the attribute.
type column[T any] struct {
	pages []*[pageSize]T
}

// get returns the value at i, the zero value where none was set. It writes
// nothing.
func (c *column[T]) get(i uint32) (v T) {
	if page := i >> pageBits; int(page) < len(c.pages) && c.pages[page] != nil {
		return c.pages[page][i%pageSize]
	}
	return v
}

func (c *column[T]) set(i uint32, v T) {
	page := int(i >> pageBits)
	for page >= len(c.pages) {
		c.pages = append(c.pages, nil)
	}
	if c.pages[page] == nil {
		c.pages[page] = new([pageSize]T)
	}
	c.pages[page][i%pageSize] = v
}

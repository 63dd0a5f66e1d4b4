/** Compares texts: with the patterns of conditions, and with the text filter of lists. Pure. */

/**
 * Returns whether one of the patterns matches a value. Only texts match. In a pattern, `*` matches any characters. No other character
 * is special, so the time of a comparison is limited by the lengths of the two texts.
 */
export function matchesAnyPattern(patterns: readonly string[], value: unknown): boolean {
  if (typeof value !== 'string') return false
  return patterns.includes(value) || patterns.some(pattern => matchesText(pattern, value))
}

/** Returns whether each named value matches one of its patterns. */
export function matchesConditions(
  wanted: readonly (readonly [name: string, patterns: readonly string[]])[],
  getValue: (name: string) => unknown,
): boolean {
  return wanted.every(([name, patterns]) => matchesAnyPattern(patterns, getValue(name)))
}

/** Returns a function that reads the own properties of an object. */
export function readOwn(values: Readonly<Record<string, unknown>> | undefined): (name: string) => unknown {
  return name => (values !== undefined && Object.hasOwn(values, name) ? values[name] : undefined)
}

/** Returns whether a pattern matches the whole text. */
export function matchesText(pattern: string, text: string): boolean {
  if (!pattern.includes('*')) return pattern === text
  const [first = '', ...others] = pattern.split('*')
  const last = others.pop() ?? ''
  const end = text.length - last.length
  if (!text.startsWith(first) || !text.endsWith(last) || end < first.length) return false
  // Use the leftmost match of each part. It leaves the most text for the following parts, so backtracking is never needed.
  let at = first.length
  for (const part of others) {
    const found = text.indexOf(part, at)
    if (found < 0 || found + part.length > end) return false
    at = found + part.length
  }
  return true
}

/** Returns the text filter of lists: each word of the filter must occur in a text, ignoring case. An empty filter fits every text. */
export function textFilter(filter: string): (text: string) => boolean {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean)
  return text => {
    const found = text.toLowerCase()
    return words.every(word => found.includes(word))
  }
}

/**
 * Pseudo-random numbers without generator state: every number is a hash of its names. A reading can therefore be computed
 * alone, in any order and on any machine, and is always the same.
 */

type Name = string | number

/** A number in [0, 1) derived from its names. Fast, but not cryptographically secure. */
export function uniform(...names: readonly Name[]): number {
  return hash32(names) / 2 ** 32
}

/** A number in [-1, 1], more often near 0. Bounded, unlike a Gaussian, so that noise alone never crosses a threshold. */
export function jitter(...names: readonly Name[]): number {
  return uniform(...names, 'rise') + uniform(...names, 'fall') - 1
}

/** A number between `low` and `high` derived from its names. */
export function between(
  [low, high]: readonly [low: number, high: number],
  ...names: readonly Name[]
): number {
  return low + (high - low) * uniform(...names)
}

/** A slow trend in [-1, 1]: a random value at each whole number of `at`, interpolated smoothly in between. */
export function drift(at: number, ...names: readonly Name[]): number {
  const start = Math.floor(at)
  const passed = at - start
  const eased = passed * passed * (3 - 2 * passed)
  const anchor = (index: number) => 2 * uniform(...names, index) - 1
  return anchor(start) * (1 - eased) + anchor(start + 1) * eased
}

/**
 * FNV-1a over the UTF-16 code units of the names with a zero between them, then MurmurHash3's finaliser, because the high bits of
 * FNV are weak.
 */
function hash32(names: readonly Name[]): number {
  let hash = 0x811c9dc5
  for (const [position, name] of names.entries()) {
    if (position > 0) hash = Math.imul(hash, 0x01000193)
    const text = String(name)
    for (let index = 0; index < text.length; index++) {
      hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
    }
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/**
 * Pseudo-random numbers without generator state. Each number is a hash of the names that are passed for it. A reading can therefore
 * be computed alone, in any order and on any machine, with the same result.
 */

type Name = string | number

/** Returns a number in [0, 1) that is derived from the given names. Not cryptographically secure. */
export function uniform(...names: readonly Name[]): number {
  return hash32(names) / 2 ** 32
}

/** Returns a number in [-1, 1]; numbers near 0 are more likely. The range is limited, so noise alone never exceeds a threshold. */
export function jitter(...names: readonly Name[]): number {
  return uniform(...names, 'rise') + uniform(...names, 'fall') - 1
}

/** Returns a number between `low` and `high` that is derived from the given names. */
export function between(
  [low, high]: readonly [low: number, high: number],
  ...names: readonly Name[]
): number {
  return low + (high - low) * uniform(...names)
}

/**
 * Returns the value of a slow trend, in [-1, 1]. There is a random value at each integer `at`, and values in between are
 * interpolated smoothly.
 */
export function drift(at: number, ...names: readonly Name[]): number {
  const start = Math.floor(at)
  const passed = at - start
  const eased = passed * passed * (3 - 2 * passed)
  const anchor = (index: number) => 2 * uniform(...names, index) - 1
  return anchor(start) * (1 - eased) + anchor(start + 1) * eased
}

/**
 * Returns a hash of the names: FNV-1a over their UTF-16 code units, separated by zeros, followed by the finaliser of MurmurHash3.
 * The finaliser is needed because the high bits of FNV-1a are weak.
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

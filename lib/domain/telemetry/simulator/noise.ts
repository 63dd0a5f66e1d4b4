/**
 * Randomness without a generator's state: every number follows from its names alone, so a reading can be computed on
 * its own, in any order, on any machine, and always comes out the same.
 */

type Name = string | number

/** A number in [0, 1) that follows from its names. Not for secrets: it is quick, not strong. */
export function uniform(...names: readonly Name[]): number {
  return hash32(names.join('\u0000')) / 2 ** 32
}

/** A number in [-1, 1], near 0 more often than not. Bounded, unlike a Gaussian, so that no noise crosses a threshold. */
export function jitter(...names: readonly Name[]): number {
  return uniform(...names, 'rise') + uniform(...names, 'fall') - 1
}

/** A number between `low` and `high` that follows from its names. */
export function between(
  [low, high]: readonly [low: number, high: number],
  ...names: readonly Name[]
): number {
  return low + (high - low) * uniform(...names)
}

/** A slow trend in [-1, 1]: at whole numbers of `at` a value of its own, in between a smooth way from one to the next. */
export function drift(at: number, ...names: readonly Name[]): number {
  const start = Math.floor(at)
  const passed = at - start
  const eased = passed * passed * (3 - 2 * passed)
  const anchor = (index: number) => 2 * uniform(...names, index) - 1
  return anchor(start) * (1 - eased) + anchor(start + 1) * eased
}

/** FNV-1a over the UTF-16 units, then MurmurHash3's finaliser, which FNV's weak high bits need. */
function hash32(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/**
 * Mean and spread of angles, as the direction and length of the sum of their unit vectors (Mardia and Jupp, *Directional Statistics*,
 * 2000). Angles are in degrees. Pure.
 */
export interface Vectors {
  readonly count: number
  /** Sum of the cosines. */
  readonly x: number
  /** Sum of the sines. */
  readonly y: number
}

export const NO_ANGLES: Vectors = { count: 0, x: 0, y: 0 }

/** Length of the mean vector below which angles point everywhere, so that they have no mean. */
const LEAST_LENGTH = 1e-9
/** What rounding leaves of the length of the mean vector if all angles are equal. */
const NOISE = 1e-12
const DEGREES = 180 / Math.PI

/** Adds an angle as often as `count` says, with vectors of this length. */
export function withAngle(sum: Vectors, angle: number, count = 1, length = 1): Vectors {
  const radians = angle / DEGREES
  const weight = count * length
  return {
    count: sum.count + count,
    x: sum.x + weight * Math.cos(radians),
    y: sum.y + weight * Math.sin(radians),
  }
}

/** Returns the mean, from 0 to below 360; undefined if the angles have none. */
export function meanAngle({ count, x, y }: Vectors): number | undefined {
  if (Math.hypot(x, y) < LEAST_LENGTH * count) return undefined
  // Twelve decimals remove the noise with which 350° and 10° would have a mean of almost 360°.
  return (Number((Math.atan2(y, x) * DEGREES).toFixed(12)) + 360) % 360
}

/**
 * Returns the angular deviation √(2(1 − R)) in degrees, where R is the length of the mean vector: 0 for equal angles, and 81 for
 * angles that point everywhere (Batschelet, *Circular Statistics in Biology*, 1981).
 */
export function angularDeviation({ count, x, y }: Vectors): number {
  const missing = 1 - Math.hypot(x, y) / count
  return missing < NOISE ? 0 : Math.sqrt(2 * missing) * DEGREES
}

/** Returns the length of the mean vector to which an angular deviation belongs; 0 if the angles have no mean. */
export function toVectorLength(deviation: number): number {
  const length = 1 - (deviation / DEGREES) ** 2 / 2
  return length < LEAST_LENGTH ? 0 : length
}

/** Returns the smallest turn from one angle to another, from above −180 to 180. */
export function turnBetween(from: number, to: number): number {
  const turn = (to - from) % 360
  return turn > 180 ? turn - 360 : turn <= -180 ? turn + 360 : turn
}

/** Defines the values of the option `--from`, which determines where reading starts. Pure. */

import {
  either,
  instant,
  type Kind,
  mapped,
  oneOf,
  wholeNumber,
} from '../../packages/runtime/settings/values.ts'
import { duration } from '../app/settings/duration.ts'

export type From =
  | 'start'
  | 'end'
  /** Start at the first record that was written at or after this time. */
  | { readonly timeMs: number }
  | { readonly offset: number }

/**
 * Returns the parser of the option `--from`.
 *
 * @param nowMs current time in milliseconds since the epoch. Durations are subtracted from it.
 */
export function fromKind(nowMs: number): Kind<From> {
  return either<From>(
    oneOf(['start', 'end']),
    mapped(wholeNumber({ least: 0 }), offset => ({ offset })),
    mapped(instant(), timeMs => ({ timeMs })),
    mapped(duration(), ms => ({ timeMs: nowMs - ms })),
  )
}

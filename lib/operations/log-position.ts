/** Values of the option `--from`, which determines where reading starts. Pure. */

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
  /** First record that was written at this time or later. */
  | { readonly timeMs: number }
  | { readonly offset: number }

/**
 * Returns the kind of the option `--from`.
 *
 * @param nowMs time from which durations count backwards, in milliseconds since the epoch
 */
export function fromKind(nowMs: number): Kind<From> {
  return either<From>(
    oneOf(['start', 'end']),
    mapped(wholeNumber({ least: 0 }), offset => ({ offset })),
    mapped(instant(), timeMs => ({ timeMs })),
    mapped(duration(), ms => ({ timeMs: nowMs - ms })),
  )
}

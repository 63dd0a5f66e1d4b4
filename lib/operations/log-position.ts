/** `--from`: where reading begins. Pure. */

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
  /** The first record that was written then or later. */
  | { readonly timeMs: number }
  | { readonly offset: number }

/** Returns the kind of option `--from`. @param nowMs the time that durations go back from, in milliseconds since the epoch */
export function fromKind(nowMs: number): Kind<From> {
  return either<From>(
    oneOf(['start', 'end']),
    mapped(wholeNumber({ least: 0 }), offset => ({ offset })),
    mapped(instant(), timeMs => ({ timeMs })),
    mapped(duration(), ms => ({ timeMs: nowMs - ms })),
  )
}

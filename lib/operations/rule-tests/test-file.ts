/** Contents of a valid file of rule tests. */
import type { AnyRule } from '../../alerting/patterns/pattern.ts'
import type { Reading } from '../rule-log/rule-log.ts'
import type { Happening } from './happening.ts'

export interface RuleTestFile {
  readonly file: string
  readonly rules: readonly AnyRule[]
  readonly tests: readonly RuleTest[]
}

export interface RuleTest {
  readonly name: string
  /** Line at which the test starts in its file, counted from 1. */
  readonly line: number
  readonly observations: readonly Observation[]
  readonly expect: readonly Expectation[]
  /** Expected notifications; undefined if they are not checked. */
  readonly notifications: readonly ExpectedNotification[] | undefined
}

interface At {
  /** Time in milliseconds since the start of the test. */
  readonly atMs: number
}

export type Observation = At &
  (
    | ({ readonly kind: 'reading' } & Reading)
    | { readonly kind: 'event'; readonly happening: Happening; readonly id?: string }
    | { readonly kind: 'tick' }
    | { readonly kind: 'rules'; readonly rules: readonly AnyRule[] }
  )

export type Phase = 'inactive' | 'pending' | 'firing' | 'recovering'

export interface Expectation {
  readonly line: number
  /** Position of the observation in the list, counted from 1. */
  readonly after: number
  readonly rule: string
  /** Entity or group; undefined for the only one of the test. */
  readonly entity: string | undefined
  readonly state: Phase
}

/** Expected notification. Only the specified fields are compared. */
export interface ExpectedNotification extends At {
  readonly rule: string
  readonly kind: 'fired' | 'resolved'
  readonly entity?: string
  readonly reason?: string
  readonly severity?: string
  readonly value?: number | string
  readonly threshold?: number
  readonly summary?: string
  readonly labels?: Readonly<Record<string, string>>
}

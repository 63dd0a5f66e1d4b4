/** Defines the contents of a valid file with rule tests. */
import type { AnyRule } from '../../alerting/patterns/pattern.ts'
import type { Happening } from './happening.ts'
import type { FinalRow, Reading } from './rule-log.ts'

export interface RuleTestFile {
  readonly file: string
  readonly rules: readonly AnyRule[]
  readonly tests: readonly RuleTest[]
}

export interface RuleTest {
  readonly name: string
  /** Line number at which the test starts, counted from 1. */
  readonly line: number
  readonly observations: readonly Observation[]
  readonly expect: readonly Expectation[]
  /** Expected notifications. Undefined if the test does not check notifications. */
  readonly notifications: readonly ExpectedNotification[] | undefined
}

interface At {
  /** Time since the start of the test, in milliseconds. */
  readonly atMs: number
}

export type Observation = At &
  (
    | ({ readonly kind: 'reading' } & Reading)
    | { readonly kind: 'event'; readonly happening: Happening; readonly id?: string }
    | ({ readonly kind: 'row' } & FinalRow)
    | { readonly kind: 'tick' }
    | { readonly kind: 'rules'; readonly rules: readonly AnyRule[] }
  )

export type Phase = 'inactive' | 'pending' | 'firing' | 'recovering'

export interface Expectation {
  readonly line: number
  /** Number of the observation after which the expectation is checked, counted from 1. */
  readonly after: number
  readonly rule: string
  /** Entity or group to check. Undefined if the test contains only one. */
  readonly entity: string | undefined
  readonly state: Phase
}

/** Expected notification. Only fields that the test specifies are compared. */
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

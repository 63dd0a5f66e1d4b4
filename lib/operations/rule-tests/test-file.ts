/** Contents of a checked file of rule tests. */
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
  /** Where it begins in its file, counted from 1. */
  readonly line: number
  readonly observations: readonly Observation[]
  readonly expect: readonly Expectation[]
  /** Undefined: not checked. */
  readonly notifications: readonly ExpectedNotification[] | undefined
}

interface At {
  /** Milliseconds from the start of the test. */
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
  /** Place of the observation, counted from 1. */
  readonly after: number
  readonly rule: string
  /** An entity or a group. Undefined: the only one of the test. */
  readonly entity: string | undefined
  readonly state: Phase
}

/** Only what is there is compared. */
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

import assert from 'node:assert/strict'
import { parseRules } from '../../../../lib/alerting/parse-rules.ts'
import {
  computePatternEnd,
  type EvaluationResult,
  getPatternPhase,
  onPatternEvent,
  onPatternTime,
  type PatternState,
} from '../../../../lib/alerting/patterns/evaluate-pattern.ts'
import type { PatternRule } from '../../../../lib/alerting/patterns/pattern.ts'
import { FAMILIES } from '../../../support/families.ts'
import { ms, stored } from '../support.ts'

/** A rule as a user would write it. */
export function createPattern(pattern: object, keys: object = {}): PatternRule {
  const row = { name: 'P', severity: 'warning', pattern, ...keys }
  const { rules, errors } = parseRules(FAMILIES, { rules: [row] })
  assert.deepEqual(errors, [])
  return rules[0] as PatternRule
}

/** An event that meets matchers, or time that has passed; times in milliseconds. */
export type Happened = { readonly atMs: number; readonly met?: readonly number[] }

/** Evaluates as the consumers do: each timer when it is due, before anything that happens later. */
export class Evaluation {
  readonly told: string[] = []
  state: PatternState | undefined
  readonly #rule: PatternRule

  constructor(rule: PatternRule) {
    this.#rule = rule
  }

  get phase(): string {
    return this.state ? getPatternPhase(this.state) : 'inactive'
  }

  event(atMs: number, met: readonly number[]): EvaluationResult {
    return this.#take(onPatternEvent(this.#rule, this.state, atMs, new Set(met)))
  }

  /** Fires the timers that are due by then. */
  pass(atMs: number): void {
    for (;;) {
      const endMs = this.state && computePatternEnd(this.#rule, this.state)
      if (!this.state || endMs === undefined || endMs > atMs) return
      const before = JSON.stringify(this.state)
      this.#take(onPatternTime(this.#rule, this.state, endMs))
      assert.notEqual(JSON.stringify(this.state), before, 'a timer that is due changes something')
    }
  }

  #take(made: EvaluationResult): EvaluationResult {
    this.state = made.state && stored(made.state)
    this.told.push(...made.changes.map(({ kind, atMs }) => `${kind} ${atMs}`))
    return made
  }
}

/** One line for each thing that happens: when, `-` or the matchers it meets, then the expected phase and reason. */
export function assertPattern(rule: PatternRule, lines: string): Evaluation {
  const evaluation = new Evaluation(rule)
  const rows = lines
    .trim()
    .split('\n')
    .map(line => line.trim().split(/\s+/))
  const actual = rows.map(([at = '', met = '-']) => {
    if (met === '-') {
      evaluation.pass(ms(at))
      return [at, met, evaluation.phase]
    }
    const { reason } = evaluation.event(ms(at), met.split(',').map(Number))
    return [at, met, evaluation.phase, reason]
  })
  assert.deepEqual(actual, rows)
  return evaluation
}

/** Returns `fired 1h` in the form of `Evaluation`. */
export function told(...lines: readonly string[]): string[] {
  return lines.map(line => {
    const [kind = '', at = ''] = line.split(' ')
    return `${kind} ${ms(at)}`
  })
}

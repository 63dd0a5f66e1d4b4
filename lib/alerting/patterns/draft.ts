/** Next state of a pattern while it is being evaluated, with the changes of its alert. Pure. */
import { foremost, type TransitionReason } from '../reasons.ts'
import { type AbsenceWait, endOfFiring, type FiringPattern, type PatternState } from './state.ts'

export interface PatternChange {
  readonly kind: 'fired' | 'resolved'
  readonly atMs: number
  /** Time of the event that completed the pattern. */
  readonly activeAtMs: number
  /** True if the alert fired because an event did not arrive in time. */
  readonly byTime: boolean
}

export class Draft {
  firing: FiringPattern | undefined
  decidedMs: number | undefined
  counted: readonly number[]
  reached: readonly (number | null)[]
  waiting: AbsenceWait | undefined
  absentMs: number | undefined
  readonly changes: PatternChange[] = []
  reason: TransitionReason = 'unchanged'

  constructor(before: PatternState | undefined) {
    this.firing = before?.firing
    this.decidedMs = before?.decidedMs
    this.counted = before?.counted ?? []
    this.reached = before?.reached ?? []
    this.waiting = before?.waiting
    this.absentMs = before?.absentMs
  }

  note(reason: TransitionReason): void {
    this.reason = foremost(this.reason, reason)
  }

  /** Returns whether a decision has been made for a time later than `timeMs`. */
  isDecided(timeMs: number): boolean {
    return this.decidedMs !== undefined && timeMs < this.decidedMs
  }

  /** Records that the pattern holds, and fires its alert. An alert that is already firing continues. */
  hold(timeMs: number, activeAtMs: number, byTime = false): void {
    const atMs = this.#after(timeMs)
    if (!this.firing) {
      this.firing = { activeAtMs }
      this.#decide('fired', atMs, activeAtMs, byTime)
    } else {
      if (this.firing.clearedAtMs !== undefined) this.note('relapsed')
      this.firing = { activeAtMs: this.firing.activeAtMs }
    }
    this.decidedMs = atMs
  }

  /** Records that an event has completed the sequence, and fires the alert. An alert that is already firing continues. */
  match(timeMs: number): void {
    this.hold(timeMs, timeMs)
    if (this.firing) this.firing = { ...this.firing, matchedAtMs: timeMs }
  }

  /** Records that the pattern no longer holds. The alert resolves `keepFiringForMs` later. */
  clear(timeMs: number, keepFiringForMs: number): void {
    if (!this.firing || this.firing.clearedAtMs !== undefined) return
    const atMs = this.#after(timeMs)
    if (keepFiringForMs === 0) this.resolve(atMs)
    else {
      this.firing = { ...this.firing, clearedAtMs: atMs }
      this.note('recovering')
    }
  }

  /** Resolves the alert if it is due to resolve by `timeMs`. */
  endBy(timeMs: number, keepFiringForMs: number): void {
    const endMs = this.firing && endOfFiring(this.firing, keepFiringForMs)
    if (endMs !== undefined && endMs <= timeMs) this.resolve(endMs)
  }

  resolve(timeMs: number): void {
    if (!this.firing) return
    const { activeAtMs } = this.firing
    this.firing = undefined
    this.#decide('resolved', this.#after(timeMs), activeAtMs, false)
  }

  /** Returns the state to store, if any. */
  get next(): PatternState | undefined {
    const { firing, decidedMs, counted, reached, waiting, absentMs } = this
    const isUnderWay = reached.some(atMs => atMs !== null)
    if (!firing && counted.length === 0 && !isUnderWay && !waiting && absentMs === undefined) return undefined
    return {
      ...(firing && { firing }),
      ...(decidedMs === undefined ? {} : { decidedMs }),
      ...(counted.length > 0 && { counted }),
      ...(isUnderWay && { reached }),
      ...(waiting && { waiting }),
      ...(absentMs === undefined ? {} : { absentMs }),
    }
  }

  #decide(kind: PatternChange['kind'], atMs: number, activeAtMs: number, byTime: boolean): void {
    this.changes.push({ kind, atMs, activeAtMs, byTime })
    this.decidedMs = atMs
    this.note(kind)
  }

  /** Returns the given time or, if it is later, the time of the last decision. */
  #after(timeMs: number): number {
    return Math.max(timeMs, this.decidedMs ?? timeMs)
  }
}

/**
 * The life of an alert once more, by other means: no states that lead to one another, but a walk over every second of the
 * timeline, which asks of each what has been read until then. Slow, and independent of `lib/alerting`.
 */

export interface ReferenceRule {
  /** In seconds, as all durations here. */
  readonly for: number
  readonly keep: number
  readonly stale: number
  readonly onSilence: 'keep' | 'ok' | 'alert' | 'no-data'
}

export interface Reading {
  readonly at: number
  readonly isBad: boolean
  /** Bad enough to keep an alert firing. */
  readonly isHeld: boolean
}

/** `second what`: fired, resolved, and the same of the alert of silence. @param readings at most one in a second, in order */
export function lifeBySeconds(rule: ReferenceRule, readings: readonly Reading[], end: number): string[] {
  const told: string[] = []
  let [badSince, clearSince, isFiring, isMissing] = [Number.NaN, Number.NaN, false, false]
  let last = Number.NaN
  for (let second = 0; second <= end; second += 1) {
    const reading = readings.find(({ at }) => at === second)
    const silence = second - last
    const isSilent = rule.stale > 0 && silence >= rule.stale
    const wasRead = !Number.isNaN(last)
    if (reading) {
      if (isMissing) told.push(`${second} data-returned`)
      isMissing = false
      last = second
    }
    // Value in this second: read, or assumed of a silence; undefined if unknown.
    const assumed = wasRead && isSilent && rule.onSilence === 'alert' ? true : undefined
    const bad = reading ? (isFiring ? reading.isHeld : reading.isBad) : assumed
    if (isFiring) {
      if (bad === true && (reading || Number.isNaN(clearSince) || second < clearSince + rule.keep))
        clearSince = Number.NaN
      if (bad === false && Number.isNaN(clearSince)) clearSince = second
      const isOver = second >= clearSince + rule.keep
      const isEndedBySilence = !reading && isSilent && rule.onSilence === 'ok'
      if (isOver || isEndedBySilence) {
        told.push(`${second} resolved`)
        ;[isFiring, badSince, clearSince] = [false, Number.NaN, Number.NaN]
        // A silence that counts as bad begins again where the alert has ended.
        if (!reading && assumed && rule.for === 0) {
          told.push(`${second} fired`)
          isFiring = true
        } else if (!reading && assumed) badSince = second
      }
    } else {
      if (bad === true && Number.isNaN(badSince)) badSince = second
      if (bad === false) badSince = Number.NaN
      if (!reading && isSilent && rule.onSilence !== 'alert') badSince = Number.NaN
      // The value that was read last counts until the silence begins, with staleAfter.
      const isKnown = reading || assumed || (rule.stale > 0 && wasRead && !isSilent)
      if (isKnown && second >= badSince + rule.for) {
        told.push(`${second} fired`)
        ;[isFiring, clearSince] = [true, Number.NaN]
      }
    }
    if (!reading && wasRead && isSilent && rule.onSilence === 'no-data' && !isMissing) {
      told.push(`${second} no-data`)
      isMissing = true
    }
  }
  return told
}

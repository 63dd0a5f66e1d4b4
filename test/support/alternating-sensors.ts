import type { ForeignRecord } from '@sluice/test-kit/foreign-client'
import type { Message } from 'kafkajs'
import { writeEvent } from '#runtime/cloudevents'
import { environmentReading as reading } from '#runtime/test/support/records'
import type { Alert } from '../../lib/alerting/alert.ts'

const HOT = 45
const COOL = 20

/**
 * Sensors whose readings all change the state of an alert. Each minute, one half of the sensors is too hot; in the next minute, the
 * other half is.
 */
export class AlternatingSensors {
  readonly count: number
  #rounds = 0

  constructor(count: number) {
    this.count = count
  }

  get rounds(): number {
    return this.#rounds
  }

  /** Number of readings so far. */
  get readings(): number {
    return this.count * this.#rounds
  }

  /** Returns the next reading of each sensor. */
  nextRound(): Message[] {
    const round = this.#rounds++
    return Array.from({ length: this.count }, (_, sensor) => {
      const { value, headers } = writeEvent(
        reading(`${round}-${sensor}`, {
          sensor: `s-${sensor}`,
          at: round * 60,
          temperature: isHot(sensor, round) ? HOT : COOL,
        }),
      )
      return { key: `s-${sensor}`, value, headers: Object.fromEntries(headers) }
    })
  }

  /** Number of alerts that must have been published. It is computed from the readings, without using code of the system. */
  get alerts(): { fired: number; resolved: number } {
    const told = { fired: 0, resolved: 0 }
    for (let sensor = 0; sensor < this.count; sensor++)
      for (let round = 0; round < this.#rounds; round++) {
        if (isHot(sensor, round)) told.fired++
        else if (round > 0) told.resolved++
      }
    return told
  }
}

function isHot(sensor: number, round: number): boolean {
  return (sensor + round) % 2 === 0
}

/** Counts the distinct alerts in records of the alerts topic. */
export function readAlerts(records: readonly ForeignRecord[]): { fired: number; resolved: number } {
  const told = { fired: new Set<string>(), resolved: new Set<string>() }
  for (const { headers, value } of records) {
    const { entity, status } = JSON.parse(String(value)) as Alert
    const kind = status === 'firing' ? 'fired' : 'resolved'
    if (entity.source === reading('any').source) told[kind].add(String(headers?.ce_id))
  }
  return { fired: told.fired.size, resolved: told.resolved.size }
}

/** A normal producer next to the fuzzing one: good readings of a few sensors at a constant rate. */
import { setTimeout as pause } from 'node:timers/promises'
import type { ForeignClient } from '../support/foreign-client.ts'

export const STEADY_SOURCE = '/environment/steady'
const SENSORS = 12
const EVERY_MS = 500

export class Steady {
  /** How many readings were acknowledged, by sensor. */
  readonly sent = new Map<string, number>()
  readonly #client: ForeignClient
  readonly #topic: string
  #isOver = false
  #ended: Promise<void> | undefined

  constructor(client: ForeignClient, topic: string) {
    this.#client = client
    this.#topic = topic
  }

  /** Starts sending, unless it has started before. */
  start(): void {
    this.#ended ??= this.#send()
    // Errors are reported when the end is awaited.
    this.#ended.catch(() => {})
  }

  async end(): Promise<void> {
    this.#isOver = true
    await this.#ended
  }

  async #send(): Promise<void> {
    for (let round = 0; !this.#isOver; round += 1) {
      const sensors = Array.from({ length: SENSORS }, (_, sensor) => `steady-${sensor}`)
      await this.#client.send(
        this.#topic,
        sensors.map(sensor => readingOf(sensor, round)),
      )
      for (const sensor of sensors) this.sent.set(sensor, round + 1)
      await pause(EVERY_MS)
    }
  }
}

function readingOf(sensor: string, round: number) {
  const location = { site: 'steady', latitude: 1, longitude: 1 }
  return {
    key: sensor,
    value: JSON.stringify({ sensorId: sensor, temperature: 15 + (round % 50), location }),
    headers: {
      'content-type': 'application/json',
      ce_specversion: '1.0',
      ce_id: `${sensor}/${round}`,
      ce_source: STEADY_SOURCE,
      ce_type: 'io.sluice.environment.reading.v1',
      ce_subject: sensor,
      ce_time: new Date().toISOString(),
    },
  }
}

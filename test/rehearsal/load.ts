/** Readings of a few sensors that never stop coming, and a record of what Kafka has acknowledged. */
import { setTimeout as pause } from 'node:timers/promises'
import type { ForeignClient } from '@sluice/test-kit/foreign-client'
import type { Event } from '#runtime/consumer'
import { createReading } from '../../lib/telemetry/reading.ts'
import { FAMILIES } from '../support/families.ts'
import { writtenMessage } from '../support/written-message.ts'

const SENSORS = 24
/** A round is a reading of each sensor. */
const ROUND_EVERY_MS = 100
/** Every so many readings of a sensor one is hot, so that an alert fires, and resolves with the next. */
const HOT_EVERY = 10
const [MILD, HOT] = [20, 60]
/** Between two readings of a sensor, by their own time: so that minutes end, and their statistics are published. */
const STEP_MS = 1_000

/** Expected results of the readings. */
export interface Expected {
  readonly sensors: readonly string[]
  /** Readings of each sensor. */
  readonly readings: number
  /** Alerts that have fired for each sensor, and have resolved. */
  readonly alerts: number
}

export class Load {
  readonly #client: ForeignClient
  readonly #topic: string
  readonly #sensors: readonly string[]
  readonly #startMs: number
  readonly #over = new AbortController()
  #rounds = 0
  #done: Promise<void> = Promise.resolve()

  /** @param startMs time of the first readings, in milliseconds since the epoch */
  constructor(client: ForeignClient, topic: string, startMs: number) {
    this.#client = client
    this.#topic = topic
    this.#startMs = startMs
    this.#sensors = Array.from({ length: SENSORS }, (_, index) => `load-${index}`)
  }

  /** Rounds that Kafka has acknowledged. */
  get rounds(): number {
    return this.#rounds
  }

  /** Sends rounds until `stop`. */
  start(): void {
    this.#done = this.#send()
    // The rejection is awaited by `stop`.
    this.#done.catch(() => {})
  }

  /**
   * Ends with a mild reading of each sensor, so that no alert is left open.
   *
   * @throws what Kafka did not acknowledge
   */
  async stop(): Promise<Expected> {
    this.#over.abort()
    await this.#done
    while (isHot(this.#rounds - 1)) await this.#round()
    const hot = Array.from({ length: this.#rounds }, (_, round) => round).filter(isHot).length
    return { sensors: this.#sensors, readings: this.#rounds, alerts: hot }
  }

  async #send(): Promise<void> {
    while (!this.#over.signal.aborted) {
      await this.#round()
      await pause(ROUND_EVERY_MS, undefined, { signal: this.#over.signal }).catch(() => {})
    }
  }

  async #round(): Promise<void> {
    const temperature = isHot(this.#rounds) ? HOT : MILD
    const atMs = this.#startMs + this.#rounds * STEP_MS
    const events = this.#sensors.map(sensor =>
      weather(sensor, `${sensor}-${this.#rounds}`, { atMs, temperature }),
    )
    // The client never gives up: repeated records have the same ids.
    await this.#client.sendUntilAcknowledged(
      this.#topic,
      events.map(event => writtenMessage(event)),
    )
    this.#rounds += 1
  }
}

function isHot(round: number): boolean {
  return round % HOT_EVERY === HOT_EVERY / 2
}

/** A reading of a sensor; all that is not given fires no alert that ships. */
export function weather(
  sensor: string,
  id: string,
  { atMs, temperature }: { readonly atMs: number; readonly temperature: number },
): Event {
  const location = { site: 'rehearsal', latitude: 59.9, longitude: 10.7 }
  const data = { sensorId: sensor, temperature, humidity: 50, pressure: 1013, windSpeed: 10, location }
  return createReading(FAMILIES.get('environment'), id, new Date(atMs).toISOString(), data)
}

/** A reading of a device. */
export function motion(
  device: string,
  id: string,
  { atMs, activity }: { readonly atMs: number; readonly activity: string },
): Event {
  const data = { deviceId: device, model: 'rehearsal', activity, x: 0, y: 0, z: 9.81 }
  return createReading(FAMILIES.get('device'), id, new Date(atMs).toISOString(), data)
}

/** Simulated readings at a steady rate: those of the simulator's fleet, each sensor several times a second. */
import { setTimeout as pause } from 'node:timers/promises'
import type { ForeignClient } from '@sluice/test-kit/foreign-client'
import type { Message } from 'kafkajs'
import { normalizeEvent, writeEvent } from '#runtime/cloudevents'
import { simulateReading } from '../../lib/telemetry/simulator/simulate.ts'
import { FAMILIES, GENERATOR, NAMES } from '../support/families.ts'

const EVERY_MS = 200
/** Anomalies last for a number of readings, so here each is short, and there are many. */
const ANOMALY_RATE = 0.005

export class SimulatedFlow {
  readonly #client: ForeignClient
  readonly #topic: string
  readonly #rate: number
  #sent = 0
  #beganAtMs = 0

  /** @param rate readings a second */
  constructor(client: ForeignClient, env: string, rate: number) {
    this.#client = client
    this.#topic = NAMES.topicName('readings', env)
    this.#rate = rate
  }

  /** Sends readings until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    this.#beganAtMs = performance.now()
    const firstTick = Math.ceil(Date.now() / 1_000 / this.#tickSeconds)
    while (!signal.aborted) {
      const due = Math.floor(((performance.now() - this.#beganAtMs) * this.#rate) / 1_000) - this.#sent
      const messages = Array.from({ length: Math.min(due, this.#rate) }, () => this.#next(firstTick))
      if (messages.length > 0) await this.#client.send(this.#topic, messages)
      await pause(EVERY_MS, undefined, { signal }).catch(() => {})
    }
  }

  /** Time between two readings of a sensor. */
  get #tickSeconds(): number {
    return GENERATOR.fleet.length / this.#rate
  }

  #next(firstTick: number): Message {
    const number = this.#sent++
    const sensor = GENERATOR.fleet[number % GENERATOR.fleet.length] as (typeof GENERATOR.fleet)[number]
    const settings = { ...GENERATOR, tickSeconds: this.#tickSeconds, anomalyRate: ANOMALY_RATE }
    const { key, event } = simulateReading(
      FAMILIES,
      settings,
      sensor,
      firstTick + Math.floor(number / GENERATOR.fleet.length),
    )
    const { value, headers } = writeEvent(normalizeEvent(event))
    return { key, value, headers: Object.fromEntries(headers) }
  }
}

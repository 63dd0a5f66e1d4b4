/** Simulated readings at a steady rate: those of the simulator's fleet, each entity several times a second. */
import { setTimeout as pause } from 'node:timers/promises'
import { writeEvent } from '../../lib/runtime/cloudevents/writer.ts'
import { FLEET } from '../../lib/telemetry/simulator/fleet.ts'
import { GENERATOR_DEFAULTS } from '../../lib/telemetry/simulator/settings.ts'
import { simulated } from '../../lib/telemetry/simulator.ts'
import type { TestEnvironment } from '../../test/support/environment.ts'

const EVERY_MS = 200

export class SimulatedFlow {
  readonly #environment: TestEnvironment
  readonly #rate: number
  #sent = 0
  #beganAtMs = 0

  constructor(environment: TestEnvironment, rate: number) {
    this.#environment = environment
    this.#rate = rate
  }

  /** Readings a second since it began. */
  get achieved(): number {
    return (this.#sent * 1_000) / (performance.now() - this.#beganAtMs)
  }

  /** Sends readings until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    this.#beganAtMs = performance.now()
    while (!signal.aborted) {
      const due = Math.floor(((performance.now() - this.#beganAtMs) * this.#rate) / 1_000) - this.#sent
      const messages = Array.from({ length: Math.min(due, this.#rate) }, () => this.#next())
      if (messages.length > 0)
        await this.#environment.client.send(this.#environment.topic('readings'), messages)
      await pause(EVERY_MS, undefined, { signal }).catch(() => {})
    }
  }

  #next() {
    const number = this.#sent++
    const sensor = FLEET[number % FLEET.length] as (typeof FLEET)[number]
    // The simulator has a reading for each sensor and moment: further ones of the same moment are of further worlds.
    const settings = { ...GENERATOR_DEFAULTS, seed: `bench-${number}`, tickSeconds: 1 }
    const { key, event } = simulated(settings, sensor, Math.floor(Date.now() / 1_000))
    const { value, headers } = writeEvent(event)
    return { key, value, headers: Object.fromEntries(headers) }
  }
}

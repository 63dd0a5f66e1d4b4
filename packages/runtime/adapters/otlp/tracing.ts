/** Entry point of the tracing code, which is loaded only if an endpoint is configured. */
import type { Sampler } from '../../cloudevents/trace.ts'
import type { Decision } from '../../pipeline/model/decision.ts'
import type { StateKey } from '../../pipeline/model/partition-state.ts'
import { type Dropped, OtlpExporter, type OtlpSettings } from './exporter.ts'
import { createSpans, type Scene } from './spans.ts'

export interface Traced {
  readonly env: string
  readonly getGroup: Scene['getGroup']
  readonly kafkaTopic: Scene['kafkaTopic']
  readonly serviceName: string
  readonly application: string
  /** Sampler; by default, the sampling decision of the producer applies. */
  readonly sampler?: Sampler
  /** Maximum number of records with spans per second; unlimited by default. Failed records always have spans. */
  readonly mostPerSecond?: number | undefined
}

export class Tracing {
  readonly #scene: Omit<Scene, 'fromMs' | 'toMs' | 'isAllowed'>
  readonly #exporter: OtlpExporter
  readonly #mostPerSecond: number
  #second = 0
  #spent = 0

  constructor(settings: OtlpSettings, traced: Traced, dropped: Dropped) {
    const { env, application, getGroup, kafkaTopic, serviceName, sampler = 'parentbased_always_off' } = traced
    this.#scene = { application, kafkaTopic, getGroup, sampler }
    this.#mostPerSecond = traced.mostPerSecond ?? Number.POSITIVE_INFINITY
    const resource = {
      'service.name': serviceName,
      'service.namespace': application,
      'deployment.environment.name': env,
    }
    this.#exporter = new OtlpExporter(settings, resource, dropped)
  }

  traceDecisions(
    stateKey: StateKey,
    decisions: readonly Decision[],
    during: { fromMs: number; toMs: number },
  ): void {
    const isAllowed = (decision: Decision) => this.#isAllowed(decision, during.toMs)
    this.#exporter.add(createSpans(stateKey, decisions, { ...this.#scene, ...during, isAllowed }))
  }

  /**
   * Returns false if the rate limit is reached. Spans are limited because creating and sending them takes as long as processing the
   * record.
   */
  #isAllowed({ failure }: Decision, nowMs: number): boolean {
    if (failure) return true
    const second = Math.floor(nowMs / 1_000)
    if (second !== this.#second) this.#spent = 0
    this.#second = second
    this.#spent += 1
    return this.#spent <= this.#mostPerSecond
  }

  /** Sends or drops the spans created since the last call. Never rejects. */
  export(withinMs: number): Promise<void> {
    return this.#exporter.export(withinMs)
  }
}

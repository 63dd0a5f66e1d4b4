/** The only entry point of this folder. It is loaded only if an endpoint is configured. */
import type { Sampler } from '../../cloudevents/trace.ts'
import type { Decision, StateKey } from '../../pipeline/model.ts'
import { type Dropped, OtlpExporter, type OtlpSettings } from './exporter.ts'
import { type Scene, spansOf } from './spans.ts'

export interface Traced {
  readonly env: string
  readonly group: string
  readonly kafkaTopic: Scene['kafkaTopic']
  readonly serviceName: string
  /** `sluice` by default. */
  readonly namespace?: string
  /** By default, producers decide what is sampled. */
  readonly sampler?: Sampler
}

export class Tracing {
  readonly #scene: Omit<Scene, 'fromMs' | 'toMs'>
  readonly #exporter: OtlpExporter

  constructor(settings: OtlpSettings, traced: Traced, dropped: Dropped) {
    const { env, group, kafkaTopic, serviceName, namespace, sampler = 'parentbased_always_off' } = traced
    this.#scene = { kafkaTopic, group, sampler }
    const resource = {
      'service.name': serviceName,
      'service.namespace': namespace ?? 'sluice',
      'deployment.environment.name': env,
    }
    this.#exporter = new OtlpExporter(settings, resource, dropped)
  }

  decided(
    stateKey: StateKey,
    decisions: readonly Decision[],
    during: { fromMs: number; toMs: number },
  ): void {
    this.#exporter.add(spansOf(stateKey, decisions, { ...this.#scene, ...during }))
  }

  /** Sends the spans made since the last call, or drops them. Never rejects. */
  export(withinMs: number): Promise<void> {
    return this.#exporter.export(withinMs)
  }
}

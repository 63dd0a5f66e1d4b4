/** The one entrance to this folder, for whom an endpoint is configured: nobody else loads anything of it. */
import type { Decision, Slot } from '../../pipeline/ports.ts'
import { type Dropped, OtlpExporter, type OtlpSettings } from './exporter.ts'
import { type Scene, spansOf } from './spans.ts'

export interface Traced {
  readonly env: string
  readonly group: string
  readonly serviceName: string
}

export class Tracing {
  readonly #scene: Omit<Scene, 'fromMs' | 'toMs'>
  readonly #exporter: OtlpExporter

  constructor(settings: OtlpSettings, { env, group, serviceName }: Traced, dropped: Dropped) {
    this.#scene = { env, group }
    const resource = {
      'service.name': serviceName,
      'service.namespace': 'sluice',
      'deployment.environment.name': env,
    }
    this.#exporter = new OtlpExporter(settings, resource, dropped)
  }

  decided(slot: Slot, decisions: readonly Decision[], during: { fromMs: number; toMs: number }): void {
    this.#exporter.add(spansOf(slot, decisions, { ...this.#scene, ...during }))
  }

  /** Sends what was made since the last time, or drops it; never rejects. */
  export(withinMs: number): Promise<void> {
    return this.#exporter.export(withinMs)
  }
}

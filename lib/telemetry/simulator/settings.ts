/** Settings of the simulator. `lib/app/settings/generator.ts` checks settings that come from outside. */
import type { FamilyName } from '../families.ts'
import type { KeyStrategy } from '../key.ts'
import type { FaultName } from './faults.ts'
import { DEFAULT_FLEET, type Sensor, sensorsOf } from './fleet.ts'

export interface GeneratorSettings {
  /**
   * Names the simulated world; readings and their ids follow from it. Choose another when other settings change:
   * the same ids with other content would be refused as a conflict.
   */
  readonly seed: string
  /** Seconds from one reading of a sensor to its next, in whole milliseconds. */
  readonly tickSeconds: number
  /** Share of a sensor's windows (twelve ticks) that have an anomaly of its family, 0 to 1. */
  readonly anomalyRate: number
  /** Share of a sensor's readings with each fault. Absent: none. */
  readonly faults?: Readonly<Partial<Record<FaultName, number>>>
  /** How each family is keyed, where not as its table says. */
  readonly keyStrategy: Readonly<Partial<Record<FamilyName, KeyStrategy>>>
  readonly fleet: readonly Sensor[]
  /** CloudEvents `source` and `dataschema` of all readings, where not as the table of families says. */
  readonly source?: string
  readonly dataschema?: string
}

export const GENERATOR_DEFAULTS: GeneratorSettings = {
  seed: 'sluice',
  tickSeconds: 5,
  anomalyRate: 0.4,
  keyStrategy: {},
  fleet: sensorsOf(DEFAULT_FLEET),
}

/** Milliseconds since the epoch of a tick. */
export function timeOfTick({ tickSeconds }: Pick<GeneratorSettings, 'tickSeconds'>, tick: number): number {
  return tick * Math.round(tickSeconds * 1000)
}

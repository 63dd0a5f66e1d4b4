/** Settings of the simulator. `lib/app/settings/generator.ts` validates external settings. */
import type { FamilyName } from '../families.ts'
import type { KeyStrategy } from '../key.ts'
import type { FaultName } from './faults.ts'
import { DEFAULT_FLEET, type Sensor, sensorsOf } from './fleet.ts'

export interface GeneratorSettings {
  /**
   * Seed of the simulation, which determines readings and ids. Change it together with other settings: the
   * same ids with other content would be rejected as a conflict.
   */
  readonly seed: string
  /** Interval between two readings of a sensor in seconds, in whole milliseconds. */
  readonly tickSeconds: number
  /** Share of a sensor's windows (twelve ticks) that have an anomaly of its family, 0 to 1. */
  readonly anomalyRate: number
  /** Share of a sensor's readings with each fault; absent for none. */
  readonly faults?: Readonly<Partial<Record<FaultName, number>>>
  /** Key strategy by family, if it differs from the one in the table of families. */
  readonly keyStrategy: Readonly<Partial<Record<FamilyName, KeyStrategy>>>
  readonly fleet: readonly Sensor[]
  /**
   * CloudEvents `source` of all readings, if it differs from the one in the table of families. The same applies to `dataschema`.
   */
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

/** Returns the time of a tick, in milliseconds since the epoch. */
export function timeOfTick({ tickSeconds }: Pick<GeneratorSettings, 'tickSeconds'>, tick: number): number {
  return tick * Math.round(tickSeconds * 1000)
}

import type { KeyStrategy } from '../key.ts'
import type { Sensor } from './fleet.ts'

export interface GeneratorSettings {
  /**
   * Seed of the simulation, from which readings and ids are derived. If other settings change, change the seed as well. Otherwise
   * the same ids would have different content, which is rejected as a conflict.
   */
  readonly seed: string
  /** Interval between two readings of a sensor, in seconds. It must be a whole number of milliseconds. */
  readonly tickSeconds: number
  /** Share of a sensor's windows that have an anomaly, from 0 to 1. A window is twelve ticks long. */
  readonly anomalyRate: number
  /** Key strategy of the readings; absent if each family has its own. */
  readonly keyBy?: KeyStrategy
  readonly fleet: readonly Sensor[]
  /**
   * CloudEvents `source` of all readings, if it is different from the source in the table of families. `dataschema` replaces the
   * schema in the same way.
   */
  readonly source?: string
  readonly dataschema?: string
}

/** Settings of the generator apart from its fleet, see `createDefaultFleet`. */
export const GENERATOR_DEFAULTS: Omit<GeneratorSettings, 'fleet'> = {
  seed: 'sluice',
  tickSeconds: 5,
  anomalyRate: 0.4,
}

/** Returns the time of a tick, in milliseconds since the epoch. */
export function timeOfTick({ tickSeconds }: Pick<GeneratorSettings, 'tickSeconds'>, tick: number): number {
  return tick * Math.round(tickSeconds * 1000)
}

/** Builds the settings of the generator from the options of `sluice generate`. */

import { omitUndefined } from '#runtime/consumer'
import type { Config } from '../../lib/app/config.ts'
import { readConfigFile } from '../../lib/support/adapters/config-file.ts'
import { suggestion } from '../../lib/support/suggestion.ts'
import type { Families } from '../../lib/telemetry/families.ts'
import {
  DEFAULT_FAMILY,
  type FleetGroup,
  listSimulated,
  listSimulatedMetrics,
  metricNamed,
  type SimulatedFamily,
} from '../../lib/telemetry/simulator/fleet.ts'
import { createGenerator, readGenerator } from '../../lib/telemetry/simulator/parse-settings.ts'
import type { GeneratorSettings } from '../../lib/telemetry/simulator/settings.ts'
import { usageFailure } from '../failure.ts'

export interface FleetOptions {
  readonly fleet?: string | undefined
  readonly families?: readonly SimulatedFamily[] | undefined
  readonly numSensors?: number | undefined
  readonly interval?: number | undefined
  readonly metrics?: readonly string[] | undefined
  readonly sites?: readonly string[] | undefined
  readonly seed?: string | undefined
  readonly anomalyRate?: number | undefined
}

/** Maximum total rate of a fleet. It is more than one machine can publish, so a larger fleet could not keep up. */
const MAX_READINGS_PER_SECOND = 1_000_000

/**
 * Returns the settings of the generator. They are read from the file of `--fleet` or have default values; other options override
 * them.
 *
 * @throws OperationFailure, ConfigError, FileError
 */
export async function buildSettings(
  { families, generatorDefaults: defaults }: Pick<Config, 'families' | 'generatorDefaults'>,
  options: FleetOptions,
  resolvePath: (file: string) => string,
): Promise<GeneratorSettings> {
  const { fleet: file, interval, seed, anomalyRate } = options
  const path = file === undefined ? undefined : resolvePath(file)
  const base =
    path === undefined
      ? undefined
      : readGenerator(
          families,
          { file: path, text: await readConfigFile(path, path) },
          defaults,
          MAX_READINGS_PER_SECOND,
        )
  const { fleet, ...settings } = createGenerator(
    families,
    {
      ...(base && { tickSeconds: base.tickSeconds, seed: base.seed, anomalyRate: base.anomalyRate }),
      ...omitUndefined({ tickSeconds: interval, seed, anomalyRate, fleet: buildGroups(families, options) }),
    },
    defaults,
    MAX_READINGS_PER_SECOND,
  )
  return { ...settings, fleet: base?.fleet ?? fleet }
}

/** Returns the groups of sensors that the options describe; undefined if none of these options is given. */
function buildGroups(families: Families, options: FleetOptions): readonly FleetGroup[] | undefined {
  const { families: chosen = [DEFAULT_FAMILY], numSensors = 10, metrics, sites } = options
  const isDefault = [options.families, options.numSensors, metrics, sites].every(value => value === undefined)
  if (isDefault) return undefined
  const simulated = listSimulated(families)
  const missing = chosen.find(family => !simulated.includes(family))
  if (missing !== undefined)
    throw usageFailure(
      `--families ${missing}: the project has no such family. Use ${simulated.join(', ') || '--fleet'}.`,
    )
  const named = metrics?.map(metricNamed)
  const metricNames = listSimulatedMetrics(families, chosen)
  const unknown = named?.filter(name => !metricNames.includes(name)) ?? []
  if (unknown.length > 0) {
    const near = suggestion(unknown[0] as string, metricNames) ?? ''
    throw usageFailure(`--metrics ${unknown[0]}: unknown metric.${near} Use ${metricNames.join(', ')}.`)
  }
  const groups = chosen.map((family, index) => {
    const own = named?.filter(name => Object.hasOwn(families.get(family).metrics, name))
    if (own?.length === 0) throw usageFailure(`--metrics: none of them is a metric of the family ${family}`)
    // If the sensors cannot be divided evenly, the first families have one sensor more.
    const sensors = Math.floor((numSensors + chosen.length - 1 - index) / chosen.length)
    return {
      ...{ family, sensors },
      ...(own && { metrics: own }),
      ...(sites && { sites }),
    }
  })
  return groups.filter(({ sensors }) => sensors > 0)
}

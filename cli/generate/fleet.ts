/** Builds the settings of the generator from the options of `sluice generate`. */
import { generatorSettingsIn } from '../../lib/app/generator-file.ts'
import { type GeneratorOverrides, generatorSettings } from '../../lib/app/settings/generator.ts'
import { keyedBy } from '../../lib/app/settings/index.ts'
import { suggestion } from '../../lib/similar.ts'
import { FAMILIES, type FamilyName } from '../../lib/telemetry/families.ts'
import type { KeyStrategy } from '../../lib/telemetry/key.ts'
import type { FaultName } from '../../lib/telemetry/simulator/faults.ts'
import { type FleetGroup, metricNamed } from '../../lib/telemetry/simulator/fleet.ts'
import type { GeneratorSettings } from '../../lib/telemetry/simulator/settings.ts'
import { simulatedFields } from '../../lib/telemetry/simulator.ts'
import { usageFailure } from '../failure.ts'

export interface FleetOptions {
  readonly fleet?: string | undefined
  readonly families?: readonly FamilyName[] | undefined
  readonly numSensors?: number | undefined
  readonly interval?: number | undefined
  readonly sampleRate?: number | undefined
  readonly metrics?: readonly string[] | undefined
  readonly sites?: readonly string[] | undefined
  readonly idPattern?: string | undefined
  readonly tenants?: readonly string[] | undefined
  readonly seed?: string | undefined
  readonly anomalyRate?: number | undefined
  readonly anomalies?: Readonly<Partial<Record<FaultName, number>>> | undefined
  readonly late?: number | undefined
  readonly duplicates?: number | undefined
  readonly keyBy?: KeyStrategy | undefined
}

/** Maximum total rate of a fleet. It is more than one machine can publish, so a larger fleet could not keep up. */
const MAX_READINGS_PER_SECOND = 1_000_000

/**
 * Returns the settings of the generator. They are read from the file of `--fleet` or have default values; other options override
 * them.
 *
 * @throws OperationFailure, ConfigError
 */
export async function settingsOf(
  options: FleetOptions,
  pathOf: (file: string) => string,
  defaults: GeneratorOverrides,
): Promise<GeneratorSettings> {
  const { fleet: file, interval, sampleRate, seed, anomalies = {}, late, duplicates, keyBy } = options
  if (interval !== undefined && sampleRate !== undefined)
    throw usageFailure('--interval and --sample-rate cannot be used together.')
  const groups = groupsOf(options)
  if (file !== undefined && groups !== undefined)
    throw usageFailure('--fleet describes the sensors: omit the other options about them.')
  const base =
    file === undefined
      ? undefined
      : await generatorSettingsIn(pathOf(file), defaults, MAX_READINGS_PER_SECOND)
  const faults = {
    ...base?.faults,
    ...anomalies,
    ...(late && { late }),
    ...(duplicates && { duplicate: duplicates }),
  }
  const hasFaults = Object.keys(faults).length > 0
  const seconds = interval ?? (sampleRate === undefined ? undefined : Math.round(1000 / sampleRate) / 1000)
  // If the user requests faults, anomalies are disabled unless the user also requests them.
  const anomalyRate = options.anomalyRate ?? base?.anomalyRate ?? (hasFaults ? 0 : undefined)
  const { fleet, ...settings } = generatorSettings(
    {
      ...(base && { tickSeconds: base.tickSeconds, seed: base.seed }),
      ...(seconds !== undefined && { tickSeconds: seconds }),
      ...(seed !== undefined && { seed }),
      ...(anomalyRate !== undefined && { anomalyRate }),
      ...(hasFaults && { faults }),
      ...(groups && { fleet: groups }),
    },
    'The command line',
    defaults,
    MAX_READINGS_PER_SECOND,
  )
  const chosen = { ...settings, ...(base && { keyStrategy: base.keyStrategy }), fleet: base?.fleet ?? fleet }
  return keyedBy(chosen, keyBy === undefined ? undefined : optionalKey(keyBy))
}

/** Returns the groups of sensors that the options describe; undefined if none of these options is given. */
function groupsOf(options: FleetOptions): readonly FleetGroup[] | undefined {
  const { families = ['environment'], numSensors = 10, metrics, sites, idPattern, tenants } = options
  const isDefault = [options.families, options.numSensors, metrics, sites, idPattern, tenants].every(
    value => value === undefined,
  )
  if (isDefault) return undefined
  const named = metrics?.map(metricNamed)
  const unknown = named?.filter(name => !families.some(family => name in FAMILIES[family].metrics)) ?? []
  if (unknown.length > 0) {
    const known = families.flatMap(family => Object.keys(FAMILIES[family].metrics))
    const near = suggestion(unknown[0] as string, known) ?? ''
    throw usageFailure(`--metrics ${unknown[0]}: unknown metric.${near} Use ${known.join(', ')}.`)
  }
  const groups = families.map((family, index) => {
    const own = named?.filter(name => name in FAMILIES[family].metrics)
    if (own?.length === 0) throw usageFailure(`--metrics: none of them is a metric of the family ${family}`)
    // If the sensors cannot be divided evenly, the first families have one sensor more.
    const sensors = Math.floor((numSensors + families.length - 1 - index) / families.length)
    return {
      ...{ family, sensors },
      ...(own && { metrics: own }),
      ...(sites && { sites }),
      ...(tenants && { tenants }),
      ...(idPattern !== undefined && { idPattern }),
    }
  })
  return groups.filter(({ sensors }) => sensors > 0)
}

/**
 * Returns the key strategy with its field marked as optional. Readings of families without the field then use the default key of
 * their family.
 *
 * @throws OperationFailure if no family has the field
 */
export function optionalKey(keyBy: KeyStrategy): KeyStrategy {
  if (typeof keyBy !== 'object') return keyBy
  const families = Object.keys(FAMILIES) as FamilyName[]
  const fields = [...new Set(families.flatMap(simulatedFields))]
  if (fields.includes(keyBy.field)) return { ...keyBy, isOptional: true }
  throw usageFailure(
    `--key-by ${keyBy.field}: unknown field. Simulated readings have the fields ${fields.join(', ')}`,
  )
}

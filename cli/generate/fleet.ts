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

/** More than one machine can publish: such a fleet could only fall behind. */
const MAX_READINGS_PER_SECOND = 1_000_000

/**
 * Returns the settings from the file of `--fleet`, or the defaults, with the values of the other options.
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
  // If the user requests faults, there are no anomalies unless they are requested as well.
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

/** Returns the groups that the options describe; undefined if none of these options is given. */
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
    // If the division is uneven, the first families have one sensor more.
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
 * Returns the strategy with an optional field: readings of families without the field keep the key of their family.
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

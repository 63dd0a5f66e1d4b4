/**
 * Reads and strictly validates the settings of the generator: a file, a parameter, or options of a command. All errors are reported
 * at once. Pure.
 */
import { isAbsoluteUri, isUriReference } from '#runtime/cloudevents'
import { ConfigError } from '#runtime/consumer'
import generatorTexts from '#schemas/generator.v1.json' with { type: 'json' }
import validate from '../../schemas/compiled-generator.js'
import {
  type EditedFile,
  type FindErrors,
  findContentErrors,
  readValid,
  type Validated,
} from '../../support/edited-file.ts'
import { type FilePath, type PathError, showPath } from '../../support/file-errors.ts'
import { describeUnknown } from '../../support/suggestion.ts'
import type { Families } from '../families.ts'
import { NO_URI_REFERENCE } from '../parse-family.ts'
import {
  countSensors,
  createDefaultFleet,
  createSensors,
  type FleetGroup,
  ID_NUMBER,
  listSimulated,
  listSimulatedMetrics,
  MAX_SENSORS,
  withMetrics,
} from './fleet.ts'
import { GENERATOR_DEFAULTS, type GeneratorSettings } from './settings.ts'
import { SITES } from './sites.ts'

const SCHEMA = { validate, texts: [generatorTexts] }

/**
 * Maximum number of readings per second. At this rate, one run of the scheduled function can publish all readings within its
 * timeout, including those of missed minutes.
 */
const MAX_READINGS_PER_SECOND = 1_000

/** Defaults for properties of readings. Values in the generator's settings take precedence. */
export interface GeneratorOverrides
  extends Partial<Pick<GeneratorSettings, 'tickSeconds' | 'source' | 'dataschema'>> {
  readonly metrics?: readonly string[]
}

interface RawSettings extends Partial<Omit<GeneratorSettings, 'fleet' | 'keyBy'>> {
  readonly fleet?: readonly FleetGroup[]
}

/**
 * Reads the settings of the generator.
 *
 * @param defaults values for keys that are missing
 * @throws InvalidFile with all errors
 */
export function readGenerator(
  families: Families,
  file: EditedFile,
  defaults: GeneratorOverrides = {},
  maxReadingsPerSecond = MAX_READINGS_PER_SECOND,
): GeneratorSettings {
  const findErrors = createChecks(families, defaults, maxReadingsPerSecond)
  return toSettings(
    families,
    readValid(SCHEMA, "the generator's settings", file, findErrors).content,
    defaults,
  )
}

/** Returns the settings that options of a command describe. @throws ConfigError with all errors */
export function createGenerator(
  families: Families,
  options: RawSettings,
  defaults: GeneratorOverrides,
  maxReadingsPerSecond: number,
): GeneratorSettings {
  const errors = findContentErrors(SCHEMA, options, createChecks(families, defaults, maxReadingsPerSecond))
  if (errors.length === 0) return toSettings(families, options, defaults)
  throw new ConfigError(
    'The command line',
    errors.map(({ path, message }) => `${showPath(path, options)}: ${message}`),
  )
}

function toSettings(
  families: Families,
  { fleet: groups, ...settings }: RawSettings,
  { metrics, ...defaults }: GeneratorOverrides,
): GeneratorSettings {
  const fleet = groups ? createSensors(groups) : createDefaultFleet(families)
  return {
    ...GENERATOR_DEFAULTS,
    ...defaults,
    ...settings,
    fleet: metrics ? withMetrics(families, fleet, metrics) : fleet,
  }
}

/**
 * Returns the function that finds errors that the schema cannot express.
 *
 * @throws ConfigError for default metrics that no simulated family has
 */
function createChecks(
  families: Families,
  defaults: GeneratorOverrides,
  maxReadingsPerSecond: number,
): FindErrors<RawSettings> {
  const known = listSimulatedMetrics(families)
  if (!(defaults.metrics ?? []).every(metric => known.includes(metric)))
    throw new ConfigError('the environment', [`GENERATOR_METRICS: must be any of ${known.join(', ')}`])
  return (raw, isWrong) => {
    const { tickSeconds = 0, fleet = [], source, dataschema } = raw
    const errors = [
      ...(source === undefined || isUriReference(source)
        ? []
        : [{ path: ['source'], message: NO_URI_REFERENCE }]),
      ...(dataschema === undefined || isAbsoluteUri(dataschema)
        ? []
        : [
            {
              path: ['dataschema'],
              message: 'must be an absolute URI, such as https://example.com/reading.json',
            },
          ]),
      ...(isWholeMilliseconds(tickSeconds)
        ? []
        : [{ path: ['tickSeconds'], message: 'must be a whole number of milliseconds' }]),
      ...fleet.flatMap((group, index) => groupErrors(families, group, ['fleet', index], isWrong)),
    ]
    if (errors.length > 0 || isWrong('fleet') || isWrong('tickSeconds')) return errors
    const message = describeFleetError(families, raw as RawSettings, defaults, maxReadingsPerSecond)
    return message === undefined ? [] : [{ path: ['fleet'], message }]
  }
}

function isWholeMilliseconds(seconds: number): boolean {
  return Math.abs(seconds * 1000 - Math.round(seconds * 1000)) < 1e-6
}

function groupErrors(
  families: Families,
  group: Validated<FleetGroup>,
  at: FilePath,
  isWrong: (...path: FilePath) => boolean,
): PathError[] {
  const { family, ids, idPattern, sensors = ids?.length ?? 1 } = group
  const simulated = listSimulated(families)
  const isSimulated = family !== undefined && simulated.includes(family)
  const report = (key: string, message: string) => [{ path: [...at, key], message }]
  const unknownNames = (key: 'metrics' | 'sites', noun: string, known: readonly string[]) =>
    (group[key] ?? []).flatMap((name, index) =>
      known.includes(name)
        ? []
        : [{ path: [...at, key, index], message: describeUnknown(noun, name, known) }],
    )
  return [
    ...(family === undefined || isSimulated
      ? []
      : report('family', describeUnknown('family', family, simulated))),
    ...(isSimulated ? unknownNames('metrics', 'metric', Object.keys(families.get(family).metrics)) : []),
    ...unknownNames('sites', 'site', [...SITES.keys()]),
    ...(ids && ids.length !== sensors && !isWrong(...at, 'ids')
      ? report('sensors', `is not the number of ids, ${ids.length}: remove it`)
      : []),
    ...(!ids && sensors > 1 && idPattern !== undefined && !ID_NUMBER.test(idPattern)
      ? report('idPattern', 'gives the same id to all sensors: add {n} or {n:3}')
      : []),
  ]
}

/** Returns the error of a fleet whose groups have none by themselves. */
function describeFleetError(
  families: Families,
  raw: RawSettings,
  defaults: GeneratorOverrides,
  maxReadingsPerSecond: number,
): string | undefined {
  const total = (raw.fleet ?? []).reduce((sum, group) => sum + countSensors(group), 0)
  if (total > MAX_SENSORS) return `has ${total} sensors: use at most ${MAX_SENSORS}`
  const { fleet, tickSeconds } = toSettings(families, raw, defaults)
  if (fleet.length === 0) return `no family in it has any of the metrics ${defaults.metrics?.join(', ')}`
  const ids = new Set<string>()
  for (const { id } of fleet) {
    if (ids.has(id)) return `two sensors have the id "${id}"`
    ids.add(id)
  }
  const perSecond = fleet.length / tickSeconds
  if (perSecond <= maxReadingsPerSecond) return undefined
  return (
    `${fleet.length} sensors every ${tickSeconds} s are ${Math.round(perSecond)} readings per second. ` +
    `The maximum is ${maxReadingsPerSecond}: use at most ${Math.floor(maxReadingsPerSecond * tickSeconds)} sensors, ` +
    `or an interval of ${fleet.length / maxReadingsPerSecond} s or more`
  )
}

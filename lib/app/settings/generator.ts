import {
  array,
  check,
  custom,
  exactOptional,
  type GenericSchema,
  integer,
  maxValue,
  minValue,
  number,
  type ObjectEntries,
  optional,
  picklist,
  pipe,
  regex,
  type StrictObjectIssue,
  safeParse,
  strictObject,
  string,
} from 'valibot'
import { omitUndefined } from '#runtime/consumer/index.ts'
import {
  ConfigError,
  type Documented,
  decimal,
  errorLines,
  list,
  mapKind,
  setting,
  slice,
  text,
} from '#runtime/settings/index.ts'
import { FileError } from '../../support/file-errors.ts'
import { isObject } from '../../support/json.ts'
import type { Families } from '../../telemetry/families.ts'
import {
  createDefaultFleet,
  createSensors,
  type FleetGroup,
  listSimulated,
  listSimulatedMetrics,
  MODELLED,
  metricNamed,
  type Sensor,
  withMetrics,
} from '../../telemetry/simulator/fleet.ts'
import { GENERATOR_DEFAULTS, type GeneratorSettings } from '../../telemetry/simulator/settings.ts'

export interface GeneratorSource {
  /** Name of the SSM parameter with the generator's settings; absent if none is configured. */
  readonly generatorParameter?: string
  readonly generatorFile?: string
  readonly generatorDefaults: GeneratorOverrides
}

/** Defaults for properties of readings. Values in the generator's settings document take precedence. */
export interface GeneratorOverrides
  extends Partial<Pick<GeneratorSettings, 'tickSeconds' | 'source' | 'dataschema'>> {
  readonly metrics?: readonly string[]
}

const REFERENCE = text(/^[^\s"<>\\^`{|}]+$/, 'a URI or a reference, such as /sensors/datacenter1')

/** Settings of the generator: the location of its settings document, and defaults for keys that the document does not have. */
export const GENERATOR = slice(
  'Generator',
  {
    GENERATOR_PARAMETER: setting('telemetry.parameter', text(/^\S+$/, 'the name of a parameter'), {
      description: "The SSM parameter with the [generator's settings](#the-generators-parameter).",
      otherwise: 'its defaults',
      setBy: 'deployment',
    }),
    GENERATOR_FILE: setting('telemetry.file', text(/\S/, 'the path of a file'), {
      description:
        "A YAML or JSON file with the [generator's settings](#the-generators-parameter), instead of the parameter: for `npm start`.",
      otherwise: 'the parameter',
    }),
    GENERATOR_METRICS: setting(
      'telemetry.sensors',
      mapKind(
        list(name => /^\S+$/.test(name), 'names of metrics that can be simulated, such as temperature'),
        names => names.map(metricNamed),
      ),
      {
        description: 'The metrics of simulated readings. Only families that have one of them are simulated.',
        otherwise: 'all of the family',
      },
    ),
    GENERATOR_SAMPLE_RATE: setting('telemetry.sample_rate', decimal(0.001, 1000), {
      description: 'Readings of each simulated sensor per second, in Hz.',
      otherwise: '`tickSeconds` of the settings',
    }),
    CLOUDEVENTS_SOURCE: setting('cloudevents.source', REFERENCE, {
      description: 'The `source` of simulated readings. An entity is known by its source and its id.',
      otherwise: 'that of the family',
    }),
    CLOUDEVENTS_DATASCHEMA: setting('cloudevents.dataschema', REFERENCE, {
      description: 'The `dataschema` of simulated readings.',
      otherwise: 'the schema of the family',
    }),
  },
  ({ GENERATOR_PARAMETER, GENERATOR_FILE, GENERATOR_SAMPLE_RATE: rate, ...others }): GeneratorSource => ({
    ...(GENERATOR_PARAMETER && { generatorParameter: GENERATOR_PARAMETER }),
    ...(GENERATOR_FILE && { generatorFile: GENERATOR_FILE }),
    generatorDefaults: omitUndefined({
      tickSeconds: rate === undefined ? undefined : Math.max(0.001, Math.round(1000 / rate) / 1000),
      metrics: others.GENERATOR_METRICS,
      source: others.CLOUDEVENTS_SOURCE,
      dataschema: others.CLOUDEVENTS_DATASCHEMA,
    }),
  }),
)

interface Key extends Documented {
  readonly schema: GenericSchema<unknown, unknown>
}

const SEED = 'a text of 1 to 32 letters and digits'
const TICK = 'a number of seconds from 0.001 to 3600, in whole milliseconds'
const RATE = 'a number from 0 to 1'
const FAMILY_NAMES = MODELLED.join(', ')

/**
 * Maximum number of readings per second. At this rate, one run of the scheduled function can publish all readings within its
 * timeout, including those of missed minutes.
 */
const MAX_READINGS_PER_SECOND = 1_000

function isWholeMilliseconds(seconds: number): boolean {
  return Math.abs(seconds * 1000 - Math.round(seconds * 1000)) < 1e-6
}

const SOME_TEXT = pipe(string('must be a text'), regex(/^\S+$/, 'must be a text without spaces'))
const TEXTS = exactOptional(
  pipe(
    array(SOME_TEXT, 'must be a list'),
    check(list => list.length > 0, 'must not be empty'),
  ),
)
const COUNT = pipe(
  number('must be a number'),
  integer('must be a whole number'),
  minValue(1, 'must be at least 1'),
)
/** Schema of the sensor groups of the fleet. */
const FLEET = array(
  document({
    family: picklist(MODELLED, `must be a family that can be simulated: ${FAMILY_NAMES}`),
    ...{
      sensors: exactOptional(COUNT),
      connections: exactOptional(COUNT),
      idPattern: exactOptional(SOME_TEXT),
    },
    ...{ ids: TEXTS, sites: TEXTS, types: TEXTS, tenants: TEXTS, metrics: TEXTS },
  }),
  'must be a list of groups',
)

/** Keys of the generator's settings document, with their schemas and descriptions. */
export const GENERATOR_KEYS = {
  seed: {
    description:
      'The seed of the readings and their ids. Change it with other settings: the same ids with other content are refused.',
    allowed: SEED,
    default: GENERATOR_DEFAULTS.seed,
    // Ids have the form `sim-<seed>-<sensor>-<tick>`, so a hyphen in the seed would make them ambiguous.
    schema: pipe(string(`must be ${SEED}`), regex(/^[A-Za-z0-9]{1,32}$/, `must be ${SEED}`)),
  },
  tickSeconds: {
    description: 'The time from one reading of a sensor to its next.',
    allowed: TICK,
    default: String(GENERATOR_DEFAULTS.tickSeconds),
    schema: pipe(
      number(`must be ${TICK}`),
      minValue(0.001, `must be ${TICK}`),
      maxValue(3600, `must be ${TICK}`),
      check(seconds => isWholeMilliseconds(seconds), `must be ${TICK}`),
    ),
  },
  anomalyRate: {
    description: "The share of a sensor's windows (twelve ticks each) that have an anomaly.",
    allowed: RATE,
    default: String(GENERATOR_DEFAULTS.anomalyRate),
    schema: pipe(number(`must be ${RATE}`), minValue(0, `must be ${RATE}`), maxValue(1, `must be ${RATE}`)),
  },
  fleet: {
    description: `The sensors: a list of groups, each with \`family\` (${FAMILY_NAMES}) and any of \`sensors\` (how many), \`ids\`, \`idPattern\` (such as \`ws_{site}_{n:3}\`), \`sites\`, \`types\` (of databases, or models of devices), \`tenants\`, \`metrics\` and \`connections\`.`,
    allowed: `a list of groups with at most ${MAX_READINGS_PER_SECOND} readings per second together`,
    otherwise: 'fifteen sensors of the families that can be simulated',
    schema: FLEET,
  },
  source: {
    description: 'The CloudEvents `source` of all readings.',
    allowed: REFERENCE.allowed,
    otherwise: '`CLOUDEVENTS_SOURCE`',
    schema: REFERENCE.schema,
  },
  dataschema: {
    description: 'The `dataschema` of all readings.',
    allowed: REFERENCE.allowed,
    otherwise: '`CLOUDEVENTS_DATASCHEMA`',
    schema: REFERENCE.schema,
  },
} as const satisfies Readonly<Record<Exclude<keyof GeneratorSettings, 'keyBy'>, Key>>

const DOCUMENT = document({
  seed: optional(GENERATOR_KEYS.seed.schema, GENERATOR_DEFAULTS.seed),
  tickSeconds: optional(GENERATOR_KEYS.tickSeconds.schema, GENERATOR_DEFAULTS.tickSeconds),
  anomalyRate: optional(GENERATOR_KEYS.anomalyRate.schema, GENERATOR_DEFAULTS.anomalyRate),
  fleet: exactOptional(GENERATOR_KEYS.fleet.schema),
  source: exactOptional(GENERATOR_KEYS.source.schema),
  dataschema: exactOptional(GENERATOR_KEYS.dataschema.schema),
})

/**
 * Validates a parsed settings document of the generator, and applies defaults for missing keys.
 *
 * @param families families of the project
 * @param source name of the document in messages, such as "parameter /sluice/dev/generator"
 * @param defaults values for keys that are missing in the document
 * @throws ConfigError with every error in the document
 */
export function generatorSettings(
  families: Families,
  input: unknown,
  source = "the generator's settings",
  { metrics, ...defaults }: GeneratorOverrides = {},
  maxReadingsPerSecond = MAX_READINGS_PER_SECOND,
): GeneratorSettings {
  const { issues, output } = safeParse(DOCUMENT, input)
  if (issues) throw new ConfigError(source, errorLines(issues))
  requireSimulated(families, metrics)
  const { fleet: groups, ...settings } = { ...output, ...without(defaults, input as object) }
  const chosen = groups ? createFleet(families, groups, source) : createDefaultFleet(families)
  const fleet = metrics ? withMetrics(families, chosen, metrics) : chosen
  if (fleet.length === 0)
    throw new ConfigError(source, [`fleet: no family in it has any of the metrics ${metrics?.join(', ')}`])
  const perSecond = fleet.length / settings.tickSeconds
  if (perSecond > maxReadingsPerSecond)
    throw new ConfigError(source, [
      `fleet: ${fleet.length} sensors every ${settings.tickSeconds} s are ${Math.round(perSecond)} readings per second. ` +
        `The maximum is ${maxReadingsPerSecond}: use at most ${Math.floor(maxReadingsPerSecond * settings.tickSeconds)} sensors, ` +
        `or an interval of ${fleet.length / maxReadingsPerSecond} s or more`,
    ])
  return { ...settings, fleet }
}

/** Returns the defaults for keys that are missing in the settings. */
function without(defaults: GeneratorOverrides, settings: object): GeneratorOverrides {
  return Object.fromEntries(Object.entries(defaults).filter(([name]) => !Object.hasOwn(settings, name)))
}

/** @throws ConfigError for metrics of the setting that no simulated family has */
function requireSimulated(families: Families, metrics: readonly string[] = []): void {
  const known = listSimulatedMetrics(families)
  if (metrics.every(metric => known.includes(metric))) return
  throw new ConfigError('the environment', [`GENERATOR_METRICS: must be any of ${known.join(', ')}`])
}

/**
 * Returns the sensors of all groups.
 *
 * @throws ConfigError for an invalid group, or for a metric that the group's family does not have
 */
function createFleet(families: Families, groups: readonly FleetGroup[], source: string): readonly Sensor[] {
  const simulated = listSimulated(families)
  const errors = groups.flatMap(({ family, metrics = [] }, index) => {
    if (!simulated.includes(family))
      return [`fleet.${index}.family: must be a family that can be simulated: ${simulated.join(', ')}`]
    const metricNames = Object.keys(families.get(family).metrics)
    return metrics
      .filter(metric => !metricNames.includes(metric))
      .map(metric => `fleet.${index}: ${family} has no metric "${metric}": use ${metricNames.join(', ')}`)
  })
  if (errors.length > 0) throw new ConfigError(source, errors)
  try {
    return createSensors(groups)
  } catch (error) {
    if (error instanceof FileError) throw new ConfigError(source, [`fleet: ${error.message}`])
    throw error
  }
}

/** Returns the schema of a JSON object that must not have any other keys. */
function document<const Entries extends ObjectEntries>(entries: Entries) {
  const allowedKeys = Object.keys(entries).join(', ')
  return pipe(
    // Valibot accepts an array as an object, so it is rejected first.
    custom<object>(isObject, 'must be an object'),
    strictObject(entries, issue => `${unknownKeys(issue, entries)}; known are ${allowedKeys}`),
  )
}

/** Returns the names of all unknown keys, separated by commas. Valibot itself reports only the first one. */
function unknownKeys({ path }: StrictObjectIssue, entries: ObjectEntries): string {
  const keys = Object.keys((path?.[0]?.input ?? {}) as object).filter(key => !Object.hasOwn(entries, key))
  const names = keys.map(key => JSON.stringify(key)).join(', ')
  return `${names} ${keys.length === 1 ? 'is' : 'are'} not known`
}

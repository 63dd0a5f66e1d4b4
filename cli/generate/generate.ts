import { randomUUID } from 'node:crypto'
import { omitUndefined } from '#runtime/consumer'
import {
  createKind,
  decimal,
  either,
  instant,
  list,
  mapKind,
  oneOf,
  PRODUCER,
  positiveDecimal,
  text,
  wholeNumber,
} from '#runtime/settings'
import type { Config } from '../../control/environment/config.ts'
import {
  durationField,
  flagField,
  inTerminal,
  numberField,
  optionField,
} from '../../control/questions/field.ts'
import { readConfigFile } from '../../lib/support/adapters/config-file.ts'
import { suggestion } from '../../lib/support/suggestion.ts'
import type { Families } from '../../lib/telemetry/index.ts'
import { createGenerator, readGenerator } from '../../lib/telemetry/simulator/generation.ts'
import {
  DEFAULT_FAMILY,
  type FleetGroup,
  GENERATOR_DEFAULTS,
  type GeneratorSettings,
  listSimulated,
  listSimulatedMetrics,
  MAX_SENSORS,
  MODELLED,
  metricNamed,
  SITES,
  type SimulatedFamily,
} from '../../lib/telemetry/simulator/index.ts'
import { command, environment, JSON_OPTION, POSITIVE } from '../command.ts'
import { usageFailure } from '../failure.ts'
import { SERIALIZATION_OPTION } from '../options/serialization.ts'
import { resolveConfig } from '../servers/settings.ts'
import { settingOption } from '../setting-options.ts'
import { resolvePath } from '../terminal.ts'
import { runGenerator } from './run-generator.ts'

/** Maximum total rate of a fleet. It is more than one machine can publish, so a larger fleet could not keep up. */
const MAX_READINGS_PER_SECOND = 1_000_000

const NAMES = list(name => /^[^\s,]+$/.test(name), 'names')

const INTERVAL = createKind(value => {
  const [, number, unit = 's'] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(value) ?? []
  const ms = Number(number) * { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }[unit as 'ms']
  return ms >= 1 && ms <= 3_600_000 && Number.isInteger(ms) ? ms / 1_000 : undefined
}, 'a number of seconds, or a time such as 100ms or 2m, from 1ms to 1h')

const RATE = either<number>(
  mapKind(oneOf(['max']), () => Number.POSITIVE_INFINITY),
  positiveDecimal(),
)

export default command({
  about: `Simulate a fleet of sensors, and publish their readings until Ctrl-C, or for a duration or a count.

Without options about the fleet, it is that of the function \`generator\`: fifteen sensors of the families that can be simulated, read every five seconds. With --from, readings
of a time in the past are made without waiting, and the same options give the same readings.`,
  more: `
Sites: ${[...SITES.keys()].join(', ')}.

--fleet takes a YAML file with the settings of the generator: seed, tickSeconds, anomalyRate and fleet.

Examples:
  sluice generate --num-sensors 10 --interval 5 --kafka-topic sensor_data
  sluice generate --num-sensors 100 --interval 0.1 --duration 10m
  sluice generate --sites cairo,oslo --metrics METRIC,METRIC --anomaly-rate 0
  sluice generate --rate max --count 1000000
  sluice generate --from 2026-01-01T00:00:00Z --duration 1d --no-kafka --output day.jsonl`,
  fields: {
    families: optionField(
      '<list>',
      `families of the sensors: ${MODELLED.join(', ')} (default: ${DEFAULT_FAMILY})`,
      mapKind(list(isModelled, `any of ${MODELLED.join(', ')}, the families that can be simulated`), names =>
        [...new Set(names)].filter(isModelled),
      ),
    ),
    numSensors: numberField('number of sensors', wholeNumber({ least: 1, most: MAX_SENSORS })),
    interval: optionField('<time>', 'time between two readings of a sensor, such as 5, 0.1 or 2m', INTERVAL),
    rate: optionField('<n>', 'readings per second of all sensors together, or max', RATE),
    metrics: optionField('<list>', 'metrics of the readings, separated by commas', NAMES),
    sites: optionField('<list>', 'sites of the sensors, such as cairo,oslo', NAMES),
    fleet: optionField('<file>', 'file with the settings of the generator, instead of these options'),
    from: optionField(
      '<time>',
      'start time, RFC 3339; readings are then generated without waiting',
      instant(),
    ),
    duration: durationField('end after this time'),
    count: numberField('end after this many readings', POSITIVE),
    kafkaTopic: optionField('<topic>', 'signal, or full name of a topic (default: readings)'),
    createTopic: inTerminal(flagField('do not create a missing topic'), { isNegated: true }),
    kafka: inTerminal(flagField('do not publish; needs --output'), { isNegated: true }),
    useKafka: flagField('publish, as without this option'),
    output: optionField(
      '<file>',
      'file for the readings, one JSON document per line; "-" for standard output',
    ),
    serialization: SERIALIZATION_OPTION,
    profile: settingOption(PRODUCER.settings, 'PRODUCER_PROFILE'),
    seed: optionField(
      '<text>',
      `seed of the simulation (default: a new one; with --from ${GENERATOR_DEFAULTS.seed})`,
      text(/^[A-Za-z0-9]{1,32}$/, '1 to 32 letters and digits'),
    ),
    anomalyRate: optionField(
      '<share>',
      "share of a sensor's windows of twelve readings with weather or load out of bounds",
      decimal(0, 1),
    ),
    json: JSON_OPTION,
    quiet: flagField('show no progress'),
    env: environment('of a signal'),
  },
  conflicts: [
    ['json', 'output=-'],
    ['kafka', 'useKafka'],
    ['rate', 'from', 'interval'],
    ['fleet', 'families', 'numSensors', 'metrics', 'sites'],
  ],
  needs: [
    ['kafka', 'output'],
    ['from', 'duration', 'count'],
  ],
  async run(options, terminal) {
    const { from, rate, duration } = options
    const seed =
      options.seed ??
      (options.fleet ? undefined : from === undefined ? createSeed() : GENERATOR_DEFAULTS.seed)
    const config = resolveConfig(terminal, options.env)
    const settings = await buildSettings(config, { ...options, seed }, file => resolvePath(terminal, file))
    const pace =
      rate !== undefined
        ? ({ kind: 'rate', perSecond: rate } as const)
        : from === undefined
          ? ({ kind: 'live' } as const)
          : ({ kind: 'past', fromMs: from } as const)
    await runGenerator({ ...options, settings, pace, durationMs: duration }, config, terminal)
  },
})

function isModelled(name: string): name is SimulatedFamily {
  return (MODELLED as readonly string[]).includes(name)
}

function createSeed(): string {
  return randomUUID()
    .replace(/[^A-Za-z0-9]/g, '')
    .slice(0, 8)
}

interface FleetOptions {
  readonly fleet?: string | undefined
  readonly families?: readonly SimulatedFamily[] | undefined
  readonly numSensors?: number | undefined
  readonly interval?: number | undefined
  readonly metrics?: readonly string[] | undefined
  readonly sites?: readonly string[] | undefined
  readonly seed?: string | undefined
  readonly anomalyRate?: number | undefined
}

/**
 * Returns the settings of the generator. They are read from the file of `--fleet` or have default values; other options override
 * them.
 *
 * @throws OperationFailure, ConfigError, FileError
 */
export async function buildSettings(
  { families, generatorDefaults: defaults, keyBy }: Pick<Config, 'families' | 'generatorDefaults' | 'keyBy'>,
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
  return { ...settings, fleet: base?.fleet ?? fleet, ...omitUndefined({ keyBy }) }
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

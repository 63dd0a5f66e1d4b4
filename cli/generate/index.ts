import { FAMILIES, type FamilyName } from '../../lib/telemetry/families.ts'
import { FAULT_NAMES, type FaultName, maxShare } from '../../lib/telemetry/simulator/faults.ts'
import { MAX_SENSORS } from '../../lib/telemetry/simulator/fleet.ts'
import { GENERATOR_DEFAULTS } from '../../lib/telemetry/simulator/settings.ts'
import { SITES } from '../../lib/telemetry/simulator/sites.ts'
import { newId } from '../../packages/runtime/adapters/system.ts'
import { COMPRESSIONS } from '../../packages/runtime/settings/kafka.ts'
import { PROFILES, type ProfileName } from '../../packages/runtime/settings/producer.ts'
import {
  decimal,
  either,
  instant,
  list,
  mapped,
  oneOf,
  parsedBy,
  positiveDecimal,
  text,
  wholeNumber,
} from '../../packages/runtime/settings/values.ts'
import {
  command,
  DURATION,
  environment,
  flag,
  JSON_OPTION,
  negation,
  option,
  POSITIVE,
  SOME_TEXT,
} from '../command.ts'
import { configOf } from '../connections.ts'
import { usageFailure } from '../failure.ts'
import { KEY_BY } from '../key-by.ts'
import { SERIALIZATION_OPTION } from '../serialization.ts'
import { pathIn } from '../terminal.ts'
import { TRACEPARENT } from '../traceparent.ts'
import { settingsOf } from './fleet.ts'
import { runGenerator } from './run.ts'

const FAMILY_NAMES = Object.keys(FAMILIES) as FamilyName[]
const NAMES = list(name => /^[^\s,]+$/.test(name), 'names')
const SHARE = decimal(0, 1)

const INTERVAL = parsedBy(value => {
  const [, number, unit = 's'] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(value) ?? []
  const ms = Number(number) * { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }[unit as 'ms']
  return ms >= 1 && ms <= 3_600_000 && Number.isInteger(ms) ? ms / 1_000 : undefined
}, 'a number of seconds, or a time such as 100ms or 2m, from 1ms to 1h')

const RATE = either<number>(
  mapped(oneOf(['max']), () => Number.POSITIVE_INFINITY),
  positiveDecimal(),
)

const ANOMALIES = parsedBy(
  value => {
    const pairs = value.split(',').map(pair => pair.trim().split('='))
    const isRight = pairs.every(([name = '', share = '', ...rest]) => {
      const most = (FAULT_NAMES as readonly string[]).includes(name) ? maxShare(name as FaultName) : -1
      return rest.length === 0 && /^(?:\d*\.)?\d+$/.test(share) && Number(share) <= most
    })
    return isRight
      ? (Object.fromEntries(pairs.map(([name, share]) => [name, Number(share)])) as Partial<
          Record<FaultName, number>
        >)
      : undefined
  },
  `name=share, separated by commas: ${FAULT_NAMES.map(name => `${name} (to ${maxShare(name)})`).join(', ')}`,
)

export default command({
  about: `Simulate a fleet of sensors, and publish their readings until Ctrl-C, or for a duration or a count.

Without options about the fleet, it is that of the function \`generator\`: fifteen sensors of all families, read every five seconds. With --from, readings
of a time in the past are made without waiting, and the same options give the same readings.`,
  more: `
Sites: ${[...SITES.keys()].join(', ')}.

--fleet takes a YAML file with the settings of the generator: seed, tickSeconds, anomalyRate, faults, keyStrategy and fleet.

Examples:
  sluice generate --num-sensors 10 --interval 5 --kafka-topic sensor_data
  sluice generate --num-sensors 100 --interval 0.1 --duration 10m
  sluice generate --sites cairo,oslo --metrics temp,humidity --anomalies spike=0.01,stuck=0.001
  sluice generate --rate max --count 1000000
  sluice generate --from 2026-01-01T00:00:00Z --duration 1d --no-kafka --output day.jsonl`,
  options: {
    families: option(
      '<list>',
      `families of the sensors: ${FAMILY_NAMES.join(', ')} (default: environment)`,
      mapped(
        list(name => FAMILY_NAMES.includes(name as FamilyName), `any of ${FAMILY_NAMES.join(', ')}`),
        names => [...new Set(names)] as FamilyName[],
      ),
    ),
    numSensors: option('<n>', 'number of sensors', wholeNumber({ least: 1, most: MAX_SENSORS })),
    interval: option('<time>', 'time between two readings of a sensor, such as 5, 0.1 or 2m', INTERVAL),
    sampleRate: option('<hz>', 'readings of each sensor per second', decimal(0.001, 1000)),
    rate: option('<n>', 'readings per second of all sensors together, or max', RATE),
    metrics: option('<list>', 'metrics of the readings, such as temperature,humidity', NAMES),
    sites: option('<list>', 'sites of the sensors, such as cairo,oslo', NAMES),
    tenants: option('<list>', 'tenants of the sensors', NAMES),
    idPattern: option(
      '<pattern>',
      'ids, such as SENSOR_{n:3} or ws_{site}_{n:3}',
      text(/^\S+$/, 'a text without spaces'),
    ),
    fleet: option('<file>', 'file with the settings of the generator, instead of these options', SOME_TEXT),
    from: option('<time>', 'start time, RFC 3339; readings are then generated without waiting', instant()),
    duration: option('<duration>', 'end after this time', DURATION),
    count: option('<n>', 'end after this many readings', POSITIVE),
    kafkaTopic: option('<topic>', 'signal, or full name of a topic (default: readings)', SOME_TEXT),
    createTopic: negation('do not create a missing topic'),
    kafka: negation('do not publish; needs --output'),
    output: option(
      '<file>',
      'file for the readings, one JSON document per line; "-" for standard output',
      SOME_TEXT,
    ),
    serialization: SERIALIZATION_OPTION,
    profile: option('<name>', 'profile of the producer', oneOf(Object.keys(PROFILES) as ProfileName[])),
    compression: option(
      '<codec>',
      'compression of batches (default: that of the profile, else COMPRESSION)',
      oneOf(COMPRESSIONS),
    ),
    keyBy: option(
      '<strategy>',
      'key each reading by instance, type, tenant, random, or a field such as tags.tenant',
      KEY_BY,
    ),
    seed: option(
      '<text>',
      `seed of the simulation (default: a new one; with --from ${GENERATOR_DEFAULTS.seed})`,
      text(/^[A-Za-z0-9]{1,32}$/, '1 to 32 letters and digits'),
    ),
    anomalyRate: option(
      '<share>',
      "share of a sensor's windows of twelve readings with weather or load out of bounds",
      SHARE,
    ),
    anomalies: option('<list>', `shares of readings with a fault, such as spike=0.01,stuck=0.001`, ANOMALIES),
    late: option('<share>', 'share of readings that are sent too late', SHARE),
    duplicates: option('<share>', 'share of readings that are sent twice', SHARE),
    traceparent: option('<value>', 'trace context of all readings', TRACEPARENT),
    json: JSON_OPTION,
    quiet: flag('show no progress'),
    env: environment('of a signal'),
  },
  async run(options, terminal) {
    const { output, kafka, from, rate, count, duration, json } = options
    if (!kafka && output === undefined)
      throw usageFailure('--no-kafka needs a file: specify it with --output.')
    if (json && output === '-') throw usageFailure('--json and --output - both print to standard output.')
    if (
      rate !== undefined &&
      (from !== undefined || options.interval !== undefined || options.sampleRate !== undefined)
    )
      throw usageFailure(
        '--rate determines when readings are generated: omit --from, --interval and --sample-rate.',
      )
    if (from !== undefined && count === undefined && duration === undefined)
      throw usageFailure('--from needs an end: add --duration or --count.')
    const seed =
      options.seed ?? (options.fleet ? undefined : from === undefined ? newSeed() : GENERATOR_DEFAULTS.seed)
    const config = configOf(terminal, options.env)
    const settings = await settingsOf(
      { ...options, seed },
      file => pathIn(terminal, file),
      config.generatorDefaults,
    )
    const pace =
      rate !== undefined
        ? ({ kind: 'rate', perSecond: rate } as const)
        : from === undefined
          ? ({ kind: 'live' } as const)
          : ({ kind: 'past', fromMs: from } as const)
    await runGenerator({ ...options, settings, pace, durationMs: duration }, config, terminal)
  },
})

function newSeed(): string {
  return newId()
    .replace(/[^A-Za-z0-9]/g, '')
    .slice(0, 8)
}

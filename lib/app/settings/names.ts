/** Naming of topics and consumer groups. Pure. */
import { type PartOf, setting, slice } from '../../../packages/runtime/settings/slice.ts'
import { mapped, parsedBy, text } from '../../../packages/runtime/settings/values.ts'
import { DIVISIBLE, type Signal, TABLE_SIGNALS, TOPICS, tableSignalOf } from '../topic-table.ts'

/** Schema for one part of a name. The value `none` omits the part, because an empty variable counts as not set. */
const PART = mapped(text(/^[A-Za-z0-9_-]{1,40}$/, '1 to 40 letters, digits, "-" and "_", or none'), part =>
  part === 'none' ? '' : part,
)

/** Pattern of Kafka topic names. The placeholder `{env}` is replaced by the environment's name. */
const TOPIC = /^(?=.)[\w.-]{0,200}(?:\{env\}[\w.-]{0,20})?$/
const GROUP = /^(?:[\w.-]|\{(?:org|env)\})*\{consumer\}(?:[\w.-]|\{(?:org|env)\})*$/

const SUB_SIGNAL = new RegExp(`^(?:${DIVISIBLE.join('|')})\\.[a-z0-9][a-z0-9_-]{0,39}$`)

function isSubSignal(text: string): text is Signal {
  return SUB_SIGNAL.test(text)
}

const TOPIC_NAMES = parsedBy(
  value =>
    pairsIn(value, (signal, name = '') => {
      return (TABLE_SIGNALS.includes(signal as never) || isSubSignal(signal)) && TOPIC.test(name)
    }),
  `signal=topic, separated by commas, with the signals ${TABLE_SIGNALS.join(', ')}, or those of EXTRA_SIGNALS`,
)

/** Pattern of a source prefix, which assigns CloudEvents sources to a sub-signal. */
const SOURCE = /^[^\s,=]{1,200}$/

const EXTRA_SIGNALS = parsedBy(
  value =>
    pairsIn(value, (signal, source) => {
      if (isSubSignal(signal)) return source === undefined || SOURCE.test(source)
      return source === undefined && TOPICS[signal as keyof typeof TOPICS]?.isExtra === true
    }),
  `logs, traces, or sub-signals such as readings.postgresql=/database/postgresql, separated by commas`,
)

/**
 * Parses comma-separated pairs of the form `name` or `name=value`. Returns undefined if a pair is invalid or a name occurs twice.
 */
function pairsIn(
  text: string,
  isValid: (name: string, value: string | undefined) => boolean,
): ReadonlyMap<Signal, string> | undefined {
  const pairs = text.split(',').map(pair => pair.trim().split('='))
  const isRight = pairs.every(([name = '', value, ...rest]) => rest.length === 0 && isValid(name, value))
  const found = new Map(pairs.map(([name = '', value = '']) => [name as Signal, value]))
  return isRight && found.size === pairs.length ? found : undefined
}

/** Settings for the names of topics and consumer groups. */
export const NAMES = slice(
  'Names',
  {
    ORG: setting(PART, {
      description: 'First part of the names of topics and consumer groups. `none` omits it.',
      default: 'sluice',
    }),
    DOMAIN: setting(PART, {
      description: "The second part of the topics' names. `none` leaves it out.",
      default: 'telemetry',
    }),
    TOPIC_NAMES: setting(TOPIC_NAMES, {
      description:
        'Other names for single topics, as in `alerts=gds.alerts.{env},dlq=gds.metrics.dlq`. See [names](kafka.md#names).',
      otherwise: '`{org}.{domain}.{signal}.{env}`',
    }),
    KAFKA_TOPIC: setting(text(TOPIC, 'the name of a topic, in which {env} stands for the environment'), {
      description: 'The name of the topic of readings.',
      otherwise: 'as `TOPIC_NAMES` says',
    }),
    EXTRA_SIGNALS: setting(EXTRA_SIGNALS, {
      description:
        'Additional topics: `logs`, `traces`, and sub-signals of `readings`, `logs` and `traces`. `name=source` routes events whose `source` begins with the value to the sub-signal. See [sub-signals](kafka.md#sub-signals).',
      otherwise: 'none',
    }),
    GROUP_NAME: setting(text(GROUP, 'a text with {consumer}, and perhaps with {org} and {env}'), {
      description:
        'Names of consumer groups. Without `{env}`, every environment needs its own Kafka cluster.',
      default: '{org}-{consumer}-{env}',
    }),
  },
  (read, refuse) => {
    const { ORG: org, DOMAIN: domain, TOPIC_NAMES: named, KAFKA_TOPIC: readings, GROUP_NAME: group } = read
    const sources: ReadonlyMap<Signal, string> = read.EXTRA_SIGNALS ?? new Map()
    const topics = new Map(named)
    if (readings !== undefined) topics.set('readings', readings)
    const always = TABLE_SIGNALS.filter(signal => !TOPICS[signal].isExtra)
    const signals: readonly Signal[] = [...always, ...sources.keys()]
    const unknown = [...topics.keys()].find(signal => !signals.includes(signal))
    if (unknown !== undefined)
      refuse('TOPIC_NAMES', `names ${unknown}, which EXTRA_SIGNALS must have as well`)
    const names = { org, domain, group, topics, signals, sources }
    const all = signals.map(signal => topicNameIn(names, signal, '{env}'))
    const twice = all.find((name, index) => all.indexOf(name) !== index)
    if (twice !== undefined)
      refuse('TOPIC_NAMES', `must give each signal a different topic; ${twice} is given to two`)
    return { names }
  },
)

/** Naming of the topics and consumer groups of a process. */
export type Names = PartOf<typeof NAMES>['names']

/**
 * Returns the topic name of a signal. If only the parent signal has a configured name, the sub-signal's own part is inserted before
 * `.{env}`, or else appended.
 */
export function topicNameIn({ org, domain, topics }: Names, signal: Signal, env: string): string {
  const own = topics.get(signal)
  if (own !== undefined) return own.replaceAll('{env}', env)
  const row = tableSignalOf(signal)
  const named = topics.get(row)
  if (named === undefined) return [org, domain, signal, env].filter(part => part !== '').join('.')
  const part = signal.slice(row.length)
  const at = named.endsWith('.{env}') ? named.length - '.{env}'.length : named.length
  return `${named.slice(0, at)}${part}${named.slice(at)}`.replaceAll('{env}', env)
}

/**
 * Returns the name of a consumer group.
 *
 * @param signal signal that the group reads. Each sub-signal is read by a separate group, whose name includes the sub-signal's
 * part.
 */
export function groupNameIn({ org, group }: Names, consumer: string, env: string, signal?: Signal): string {
  const [, part] = signal?.split('.') ?? []
  const reader = part === undefined ? consumer : `${consumer}-${part}`
  const name = group.replaceAll('{consumer}', reader).replaceAll('{env}', env)
  return org === '' ? name.replace(/\{org\}[-_.]?/g, '') : name.replaceAll('{org}', org)
}

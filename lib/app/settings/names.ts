/** Naming of topics and consumer groups. Pure. */
import { createKind, mapKind, type SlicePart, setting, slice, text } from '#runtime/settings/index.ts'
import { SIGNALS, type Signal } from '../topic-table.ts'

/** Schema for one part of a name. The value `none` omits the part, because an empty variable counts as not set. */
const PART = mapKind(text(/^[A-Za-z0-9_-]{1,40}$/, '1 to 40 letters, digits, "-" and "_", or none'), part =>
  part === 'none' ? '' : part,
)

/** Pattern of Kafka topic names. The placeholder `{env}` is replaced by the environment's name. */
const TOPIC = /^(?=.)[\w.-]{0,200}(?:\{env\}[\w.-]{0,20})?$/
const GROUP = /^(?:[\w.-]|\{(?:org|env)\})*\{consumer\}(?:[\w.-]|\{(?:org|env)\})*$/

const TOPIC_NAMES = createKind(
  pairsIn,
  `signal=topic, separated by commas, with the signals ${SIGNALS.join(', ')}`,
)

/** Parses comma-separated pairs of the form `signal=topic`. Returns undefined if a pair is invalid or a signal occurs twice. */
function pairsIn(text: string): ReadonlyMap<Signal, string> | undefined {
  const pairs = text.split(',').map(pair => pair.trim().split('='))
  const isRight = pairs.every(
    ([signal = '', name = '', ...rest]) =>
      rest.length === 0 && SIGNALS.includes(signal as Signal) && TOPIC.test(name),
  )
  const found = new Map(pairs.map(([signal = '', name = '']) => [signal as Signal, name]))
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
    GROUP_NAME: setting(text(GROUP, 'a text with {consumer}, and perhaps with {org} and {env}'), {
      description:
        'Names of consumer groups. Without `{env}`, every environment needs its own Kafka cluster.',
      default: '{org}-{consumer}-{env}',
    }),
  },
  (read, refuse) => {
    const { ORG: org, DOMAIN: domain, TOPIC_NAMES: named, KAFKA_TOPIC: readings, GROUP_NAME: group } = read
    const topics = new Map(named)
    if (readings !== undefined) topics.set('readings', readings)
    const names = { org, domain, group, topics }
    const all = SIGNALS.map(signal => topicNameIn(names, signal, '{env}'))
    const twice = all.find((name, index) => all.indexOf(name) !== index)
    if (twice !== undefined)
      refuse('TOPIC_NAMES', `must give each signal a different topic; ${twice} is given to two`)
    return { names }
  },
)

/** Naming of the topics and consumer groups of a process. */
export type Names = SlicePart<typeof NAMES>['names']

/** Returns the topic name of a signal. */
export function topicNameIn({ org, domain, topics }: Names, signal: Signal, env: string): string {
  const own = topics.get(signal)
  if (own !== undefined) return own.replaceAll('{env}', env)
  return [org, domain, signal, env].filter(part => part !== '').join('.')
}

/** Returns the name of a consumer group. */
export function groupNameIn({ org, group }: Names, consumer: string, env: string): string {
  const name = group.replaceAll('{consumer}', consumer).replaceAll('{env}', env)
  return org === '' ? name.replace(/\{org\}[-_.]?/g, '') : name.replaceAll('{org}', org)
}

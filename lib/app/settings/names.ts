/** Naming of topics and consumer groups. Pure. */
import { createKind, type Kind, mapKind, setting, slice, text } from '#runtime/settings'
import { Names } from '../naming/names.ts'
import { SIGNALS, type Signal } from '../naming/topic-table.ts'

/** Schema for one part of a name. The value `none` omits the part, because an empty variable counts as not set. */
const PART = mapKind(text(/^[A-Za-z0-9_-]{1,40}$/, '1 to 40 letters, digits, "-" and "_", or none'), part =>
  part === 'none' ? '' : part,
)

/** Pattern of Kafka topic names. The placeholder `{env}` is replaced by the environment's name. */
const TOPIC = /^(?=.)[\w.-]{0,200}(?:\{env\}[\w.-]{0,20})?$/
const GROUP = /^(?:[\w.-]|\{(?:org|env)\})*\{consumer\}(?:[\w.-]|\{(?:org|env)\})*$/

/** Matches a number of partitions, up to far more than a broker of a cluster should have. */
const PARTITION_COUNT = /^[1-9]\d{0,3}$/

const TOPIC_NAMES = createPairsKind('signal=topic', TOPIC)
const PARTITIONS = mapKind(
  createPairsKind('signal=number (1 to 9999)', PARTITION_COUNT),
  pairs => new Map([...pairs].map(([signal, count]) => [signal, Number(count)])),
)

/** Returns the kind of comma-separated pairs of a signal and a value. Each signal can occur once. */
function createPairsKind(form: string, value: RegExp): Kind<ReadonlyMap<Signal, string>> {
  const parse = (text: string) => {
    const pairs = text.split(',').map(pair => pair.trim().split('='))
    const isRight = pairs.every(
      ([signal = '', written = '', ...rest]) =>
        rest.length === 0 && SIGNALS.includes(signal as Signal) && value.test(written),
    )
    const found = new Map(pairs.map(([signal = '', written = '']) => [signal as Signal, written]))
    return isRight && found.size === pairs.length ? found : undefined
  }
  return createKind(parse, `${form}, separated by commas, with the signals ${SIGNALS.join(', ')}`)
}

export const ORG = setting('kafka.org', PART, {
  description: 'First part of the names of topics and consumer groups. `none` omits it.',
  default: 'sluice',
})

/** Settings for the names and partitions of topics, and for the names of consumer groups. */
export const NAMES = slice(
  'Names',
  {
    ORG,
    DOMAIN: setting('kafka.domain', PART, {
      description: "The second part of the topics' names. `none` leaves it out.",
      default: 'telemetry',
    }),
    TOPIC_NAMES: setting('kafka.topics', TOPIC_NAMES, {
      description:
        'Other names for single topics, as in `alerts=gds.alerts.{env},dlq=gds.metrics.dlq`. See [names](kafka.md#names).',
      otherwise: '`{org}.{domain}.{signal}.{env}`',
    }),
    KAFKA_TOPIC: setting(
      'kafka.topic',
      text(TOPIC, 'the name of a topic, in which {env} stands for the environment'),
      {
        description: 'The name of the topic of readings.',
        otherwise: 'as `TOPIC_NAMES` says',
      },
    ),
    PARTITIONS: setting('kafka.partitions', PARTITIONS, {
      description:
        'Numbers of partitions with which topics are created, as in `readings=24,events=6`. A topic that exists [keeps its number](kafka.md#more-partitions), which then has to be given here.',
      otherwise: 'those of the [table](functions.md#topics-and-event-types)',
    }),
    GROUP_NAME: setting(
      'kafka.group',
      text(GROUP, 'a text with {consumer}, and perhaps with {org} and {env}'),
      {
        description:
          'Names of consumer groups. Without `{env}`, every environment needs its own Kafka cluster.',
        default: '{org}-{consumer}-{env}',
      },
    ),
  },
  (read, refuse) => {
    const { ORG: org, DOMAIN: domain, TOPIC_NAMES: named, KAFKA_TOPIC: readings, GROUP_NAME: group } = read
    const partitions: ReadonlyMap<Signal, number> = read.PARTITIONS ?? new Map()
    const topics = new Map(named)
    if (readings !== undefined) topics.set('readings', readings)
    const names = new Names({ org, domain, group, topics, partitions })
    const all = Object.values(names.topicNames('{env}'))
    const twice = all.find((name, index) => all.indexOf(name) !== index)
    if (twice !== undefined)
      refuse('TOPIC_NAMES', `must give each signal a different topic; ${twice} is given to two`)
    return { names }
  },
)

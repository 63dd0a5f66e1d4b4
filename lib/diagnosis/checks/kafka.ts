/** The brokers: are they reached, are there enough, and how are they set? Pure. */
import type { ClusterFacts, KafkaFacts, Settings, Standards } from '../facts.ts'
import { about, type Finding, type Seen } from '../finding.ts'

const DAY_MINUTES = 24 * 60
/** As long as readings are kept: a group that stood still for that time finds its offsets and its records gone together. */
const LEAST_OFFSETS_MINUTES = 7 * DAY_MINUTES

export function kafkaFindings(facts: KafkaFacts, standards: Standards): Finding[] {
  const { address, cluster } = facts
  const reached = about('kafka', 'reached', address)
  if ('unseen' in cluster)
    return [
      reached.wrong(
        cluster.unseen,
        'Is it running, and is it reached from here? See docs/troubleshooting.md.',
      ),
      encryptionFinding(facts, standards),
    ]
  const { brokers } = cluster.seen
  return [
    reached.ok(`answers with ${brokers.length === 1 ? '1 broker' : `${brokers.length} brokers`}`),
    encryptionFinding(facts, standards),
    brokersFinding(address, cluster.seen, standards),
    zonesFinding(address, cluster.seen, standards),
    ...brokers.flatMap(({ id, settings }) => settingFindings(`broker ${id}`, settings)),
  ]
}

function encryptionFinding({ address, auth, encrypted }: KafkaFacts, { isLocal }: Standards): Finding {
  const { ok, wrong } = about('kafka', 'encryption', address)
  if (encrypted) return ok(`is reached by TLS (KAFKA_AUTH=${auth})`)
  if (isLocal) return ok('is reached in plain text, on this machine')
  return wrong(
    auth === 'none'
      ? 'records, and who writes them, cross the network in plain text (KAFKA_AUTH=none)'
      : 'user and password cross the network in plain text (KAFKA_TLS=off)',
    'Set KAFKA_AUTH to iam, scram-sha-512 or tls, and remove KAFKA_TLS=off: docs/kafka-security.md.',
  )
}

function brokersFinding(address: string, { brokers }: ClusterFacts, standards: Standards): Finding {
  const { ok, wrong } = about('kafka', 'brokers', address)
  if (brokers.length >= standards.brokers)
    return ok(brokers.length === 1 ? '1 broker' : `${brokers.length} brokers`)
  return wrong(
    `${brokers.length} of ${standards.brokers} brokers are there: the loss of one stops writes, or loses records`,
    'Bring back the missing brokers, or use a cluster with one in each of three zones.',
  )
}

function zonesFinding(address: string, { brokers }: ClusterFacts, { isLocal }: Standards): Finding {
  const { ok, wrong, unknown } = about('kafka', 'zones', address)
  if (isLocal) return ok('all on this machine')
  const racks = new Set(brokers.flatMap(({ rack }) => rack ?? []))
  if (racks.size === 0)
    return unknown(
      'the brokers do not say in which zone they are',
      'Set broker.rack of each broker to its zone.',
    )
  if (racks.size >= 2) return ok(`brokers in ${racks.size} zones: ${[...racks].sort().join(', ')}`)
  return wrong(
    `all brokers are in the zone ${[...racks][0]}: all copies are lost with it`,
    'Spread the brokers over three zones.',
  )
}

interface Rule {
  readonly check: string
  readonly setting: string
  /** Undefined if the value is right, else what follows from it. */
  readonly problem: (value: string) => string | undefined
  readonly todo: string
}

const RULES: readonly Rule[] = [
  {
    check: 'auto-create',
    setting: 'auto.create.topics.enable',
    problem: value =>
      value === 'false' ? undefined : 'a mistyped name makes a topic with settings that nobody chose',
    todo: 'Set auto.create.topics.enable=false on the brokers.',
  },
  {
    check: 'unclean-election',
    setting: 'unclean.leader.election.enable',
    problem: value =>
      value === 'false'
        ? undefined
        : 'a copy that has fallen behind can become the leader, and records are lost',
    todo: 'Set unclean.leader.election.enable=false on the brokers.',
  },
  {
    check: 'offsets-kept',
    setting: 'offsets.retention.minutes',
    problem: value =>
      Number(value) >= LEAST_OFFSETS_MINUTES
        ? undefined
        : 'a group that stands still for that time forgets where it was, and begins at the first record again',
    todo: `Set offsets.retention.minutes=${LEAST_OFFSETS_MINUTES} or more on the brokers.`,
  },
]

function settingFindings(subject: string, settings: Seen<Settings>): Finding[] {
  return RULES.map(({ check, setting, problem, todo }) => {
    const { ok, wrong, unknown } = about('kafka', check, subject)
    if ('unseen' in settings)
      return unknown(settings.unseen, 'It takes the right to describe the configuration of the cluster.')
    const value = settings.seen[setting]
    if (value === undefined || value === null) return unknown(`the broker does not tell ${setting}`)
    const said = problem(value)
    return said === undefined ? ok(`${setting}=${value}`) : wrong(`${setting}=${value}: ${said}`, todo)
  })
}

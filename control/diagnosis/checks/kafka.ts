/** Checks the Kafka brokers. Pure. */

import { count as countText } from '../../../lib/support/count.ts'
import type { KafkaFacts, Settings, Standards } from '../facts.ts'
import { createFinding, type Finding, ok, runChecks, unknown, wrong } from '../finding.ts'

/**
 * Minimum retention of committed offsets, in minutes. It equals the retention of readings. If a group stops for longer, its offsets
 * and the unread records expire together.
 */
const LEAST_OFFSETS_MINUTES = 7 * 24 * 60
export const NOT_REACHED =
  'Check that it is running and can be reached from here: see docs/troubleshooting.md.'

export function checkKafka(facts: KafkaFacts, standards: Standards): Finding[] {
  const { address, cluster } = facts
  const own = { seen: { facts, standards } }
  if ('unseen' in cluster)
    return [
      createFinding('kafka', 'reached', address, wrong(cluster.unseen, cluster.todo ?? NOT_REACHED)),
      ...runChecks('kafka', address, { encryption: checkEncryption }, own),
    ]
  const { brokers } = cluster.seen
  const racks = [...new Set(brokers.flatMap(({ rack }) => rack ?? []))].sort()
  const count = countText(brokers.length, 'broker')
  const checks = {
    reached: () => `answers with ${count}`,
    encryption: checkEncryption,
    brokers: () =>
      brokers.length >= standards.brokers
        ? count
        : wrong(
            `${brokers.length} of ${standards.brokers} brokers are available: the loss of another broker stops writes or loses records`,
            'Restart the missing brokers, or use a cluster with a broker in each of three zones.',
          ),
    zones: () => checkZones(racks, standards),
  }
  return [
    ...runChecks('kafka', address, checks, own),
    ...brokers.flatMap(({ id, settings }) =>
      runChecks(
        'kafka',
        `broker ${id}`,
        SETTINGS,
        settings,
        'This check needs permission to describe the configuration of the cluster.',
      ),
    ),
  ]
}

interface CheckedCluster {
  readonly facts: KafkaFacts
  readonly standards: Standards
}

function checkEncryption({ facts: { auth, encrypted }, standards }: CheckedCluster) {
  if (encrypted) return `is reached by TLS (KAFKA_AUTH=${auth})`
  if (standards.isLocal) return 'is reached in plain text, on this machine'
  return wrong(
    auth === 'none'
      ? 'records, and who writes them, cross the network in plain text (KAFKA_AUTH=none)'
      : 'user and password cross the network in plain text (KAFKA_TLS=off)',
    'Set KAFKA_AUTH to iam, scram-sha-512 or tls, and remove KAFKA_TLS=off: docs/kafka-security.md.',
  )
}

function checkZones(racks: readonly string[], { isLocal }: Standards) {
  if (isLocal) return 'all on this machine'
  if (racks.length === 0)
    return unknown('the brokers do not report their zones', 'Set broker.rack of each broker to its zone.')
  if (racks.length >= 2) return `brokers in ${racks.length} zones: ${racks.join(', ')}`
  return wrong(
    `all brokers are in the zone ${racks[0]}: all copies are lost with it`,
    'Spread the brokers over three zones.',
  )
}

const SETTINGS = {
  'auto-create': createSettingCheck(
    'auto.create.topics.enable',
    value => value === 'false',
    'a mistyped name creates a topic with default settings',
    'Set auto.create.topics.enable=false on the brokers.',
  ),
  'unclean-election': createSettingCheck(
    'unclean.leader.election.enable',
    value => value === 'false',
    'a copy that has fallen behind can become the leader, and records are lost',
    'Set unclean.leader.election.enable=false on the brokers.',
  ),
  'offsets-kept': createSettingCheck(
    'offsets.retention.minutes',
    value => Number(value) >= LEAST_OFFSETS_MINUTES,
    'a group that is stopped for that time forgets where it was, and begins at the first record again',
    `Set offsets.retention.minutes=${LEAST_OFFSETS_MINUTES} or more on the brokers.`,
  ),
}

function createSettingCheck(
  name: string,
  isRight: (value: string) => boolean,
  problem: string,
  todo: string,
) {
  return (settings: Settings) => {
    const value = settings[name] ?? undefined
    if (value === undefined) return unknown(`the broker does not report ${name}`)
    return isRight(value) ? ok(`${name}=${value}`) : wrong(`${name}=${value}: ${problem}`, todo)
  }
}

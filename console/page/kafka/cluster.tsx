/** Nodes and health of the cluster. */
import type { JSX } from 'preact'
import type { BrokerDescription, ClusterDescription } from '../../../lib/queries/cluster.ts'
import { Facts } from '../parts/facts.tsx'
import { Live } from '../parts/known.tsx'
import { type Column, column, numberColumn, Table } from '../parts/table.tsx'
import { bytesText, countText, numberText } from '../parts/words.ts'
import { Warning } from './parts.tsx'
import { clusterWarnings, controllerText, disksText, isActive } from './texts.ts'

export function Cluster(): JSX.Element {
  return (
    <>
      <h2>Cluster</h2>
      <Live path="/kafka/cluster" what="the brokers">
        {found => (
          <>
            {clusterWarnings(found).map(text => (
              <Warning key={text}>{text}</Warning>
            ))}
            <Facts areBeside of={factsOf(found)} />
            <Table
              name="brokers"
              caption="brokers"
              columns={columnsOf(found)}
              rows={found.brokers}
              keyOf={({ id }) => String(id)}
              empty="Kafka reports no brokers. It may be starting."
            />
          </>
        )}
      </Live>
    </>
  )
}

function factsOf(found: ClusterDescription) {
  const own = found.internalTopics > 0 ? ` and ${numberText(found.internalTopics)} of Kafka's own` : ''
  return [
    ['Brokers', numberText(found.brokers.length)],
    ['Controller', controllerText(found.controller)],
    ['Topics', `${numberText(found.topics)}${own}`],
    ['Partitions', numberText(found.partitions)],
    ['Behind or without leader', numberText(found.underReplicated + found.leaderless)],
    found.metadataRelease !== null && (['Metadata version', found.metadataRelease] as const),
    ['Cluster id', <code key="id">{found.clusterId ?? 'unknown'}</code>],
  ] as const
}

function columnsOf(cluster: ClusterDescription): readonly Column<BrokerDescription>[] {
  const hasRacks = cluster.brokers.some(({ rack }) => rack !== null)
  const racks = column<BrokerDescription>('Rack', ({ rack }) => <span class="line">{rack ?? '–'}</span>)
  return [
    numberColumn('Broker', ({ id }) => id, { text: String }),
    column('Address', ({ host, port }) => <code class="line">{`${host}:${port}`}</code>),
    ...(hasRacks ? [racks] : []),
    column('Kafka', ({ release }) => release ?? 'unknown'),
    column('Role', ({ id }) => (isActive(cluster.controller, id) ? 'broker, controller' : 'broker')),
    numberColumn('Leads', ({ leads }) => leads),
    numberColumn('Copies', ({ copies }) => copies),
    numberColumn('Logs', ({ disks }) => disks?.bytes, { none: 'unknown', text: bytesText }),
    column('Disks', broker => <Disks broker={broker} />),
  ]
}

function Disks({ broker }: { readonly broker: BrokerDescription }): JSX.Element {
  const failed = broker.disks?.failed ?? []
  return (
    <>
      {disksText(broker)}
      {failed.length > 0 && (
        <span class="bad">
          {' '}
          {countText(failed.length, 'directory', 'directories')} failed: {failed.join(', ')}
        </span>
      )}
    </>
  )
}

/** Who the cluster consists of, and whether all of it is there. */
import type { JSX } from 'preact'
import type { BrokerDescription, ClusterDescription } from '../../../lib/queries/cluster.ts'
import { useLive } from '../data/answers.ts'
import { Known } from '../parts/known.tsx'
import { type Column, Table } from '../parts/table.tsx'
import { bytesText, countText, numberText } from '../parts/words.ts'
import { Fact, Facts, Warning } from './parts.tsx'
import { clusterWarnings, controllerText, disksText, isActive } from './texts.ts'

export function Cluster(): JSX.Element {
  const cluster = useLive<ClusterDescription>('/kafka/cluster')
  return (
    <>
      <h2>Cluster</h2>
      <Known of={cluster} what="the brokers">
        {found => (
          <>
            {clusterWarnings(found).map(text => (
              <Warning key={text}>{text}</Warning>
            ))}
            <Facts>
              <Fact name="Brokers">{numberText(found.brokers.length)}</Fact>
              <Fact name="Controller">{controllerText(found.controller)}</Fact>
              <Fact name="Topics">
                {numberText(found.topics)}
                {found.internalTopics > 0 && ` and ${numberText(found.internalTopics)} of Kafka's own`}
              </Fact>
              <Fact name="Partitions">{numberText(found.partitions)}</Fact>
              <Fact name="Behind or without leader">
                {numberText(found.underReplicated + found.leaderless)}
              </Fact>
              {found.metadataRelease !== null && <Fact name="Metadata version">{found.metadataRelease}</Fact>}
              <Fact name="Cluster id">
                <code>{found.clusterId ?? 'not told'}</code>
              </Fact>
            </Facts>
            <Table
              name="brokers"
              caption="brokers"
              columns={columnsOf(found)}
              rows={found.brokers}
              keyOf={({ id }) => String(id)}
              empty="Kafka names no broker at the moment: it may be starting."
            />
          </>
        )}
      </Known>
    </>
  )
}

function columnsOf(cluster: ClusterDescription): readonly Column<BrokerDescription>[] {
  const hasRacks = cluster.brokers.some(({ rack }) => rack !== null)
  return [
    { heading: 'Broker', cell: ({ id }) => id, sortBy: ({ id }) => id, align: 'right' },
    { heading: 'Address', cell: ({ host, port }) => <code class="kafka-line">{`${host}:${port}`}</code> },
    ...(hasRacks
      ? [
          {
            heading: 'Rack',
            cell: ({ rack }: BrokerDescription) => <span class="kafka-line">{rack ?? '–'}</span>,
          } satisfies Column<BrokerDescription>,
        ]
      : []),
    { heading: 'Kafka', cell: ({ release }) => release ?? 'not told' },
    {
      heading: 'Role',
      cell: ({ id }) => (isActive(cluster.controller, id) ? 'broker, controller' : 'broker'),
    },
    {
      heading: 'Leads',
      cell: ({ leads }) => numberText(leads),
      sortBy: ({ leads }) => leads,
      align: 'right',
    },
    {
      heading: 'Copies',
      cell: ({ copies }) => numberText(copies),
      sortBy: ({ copies }) => copies,
      align: 'right',
    },
    {
      heading: 'Logs',
      cell: ({ disks }) => <span class="kafka-line">{disks ? bytesText(disks.bytes) : 'not told'}</span>,
      sortBy: ({ disks }) => disks?.bytes ?? -1,
      align: 'right',
    },
    { heading: 'Disks', cell: broker => <Disks broker={broker} /> },
  ]
}

function Disks({ broker }: { readonly broker: BrokerDescription }): JSX.Element {
  const { disks } = broker
  const failed = disks?.failed ?? []
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

import { awaitKafkaAnswer } from '../../lib/log/kafka-answers.ts'
import { type ListedBroker, toListedBrokers } from '../queries/kafka/cluster.ts'
import { column, count, type Tone } from './column.ts'
import { question } from './question.ts'

export const BROKERS = question({
  title: 'Brokers',
  about:
    'List the brokers of the cluster, with the number of partitions that each leads and the size of its replicas.',
  more: `
Example:
  sluice brokers list --json`,
  ofCluster: true,
  filter: {},
  async read(environment) {
    const cluster = await environment.cluster()
    const metadata = await awaitKafkaAnswer('list of brokers', cluster.metadata())
    const ids = metadata.brokers.map(({ id }) => id)
    const brokers = toListedBrokers(
      metadata,
      await awaitKafkaAnswer('sizes of brokers', cluster.logDirs(ids)),
    )
    const judge = ({ address }: ListedBroker): Tone => (address === null ? 'bad' : 'plain')
    return { rows: brokers.map(broker => ({ ...broker, tone: judge(broker) })) }
  },
}).shownAs({
  key: 'id',
  columns: [
    column('id', { heading: 'Broker' }),
    column('address', { none: 'not in the cluster', tone: 'tone' }),
    column('rack'),
    count('leads', { heading: 'Partitions led' }),
    column('bytes', { heading: 'Size', type: 'bytes', none: 'not known' }),
  ],
  empty: 'Kafka reports no brokers. It may be starting.',
})

/** First step of the service `topics` of compose.yaml: refuses other names over existing data, and creates the topics of inputs. */
import { replicationOn } from '@sluice/kafka-records/replication'
import { ensureTopics } from '#runtime/operating/kafka'
import { readConfig } from '../lib/app/config.ts'
import { listInputTopics } from '../lib/app/inputs.ts'
import { runMain } from '../scripts/run-main.ts'
import { keepTopicNames } from './local-topics.ts'

await runMain({
  readOptions: () => ({}),
  usage: '',
  async run() {
    const config = readConfig()
    const { brokers } = config.kafka
    // Another Kafka has topics of others, and another life than the volume.
    if (!brokers.includes('kafka:9092')) return 0
    keepTopicNames('/var/lib/sluice', config)
    await ensureTopics({ brokers, replication: replicationOn(1), topics: listInputTopics(config) })
    return 0
  },
})

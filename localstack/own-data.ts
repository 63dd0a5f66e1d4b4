/** First step of the service `topics` of compose.yaml: refuses other names of topics than those of the data in its Kafka. */
import { readConfig } from '../control/environment/config.ts'
import { runMain } from '../scripts/run-main.ts'
import { keepTopicNames } from './local-topics.ts'

await runMain({
  readOptions: () => ({}),
  usage: '',
  async run() {
    const config = readConfig()
    // Another Kafka has another life than the volume.
    if (config.kafka.brokers.includes('kafka:9092')) keepTopicNames('/var/lib/sluice', config)
    return 0
  },
})

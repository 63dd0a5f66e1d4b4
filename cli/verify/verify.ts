import { flagField, nameField, numberField, optionField } from '../../control/questions/field.ts'
import { command, environment, JSON_OPTION } from '../command.ts'

export default command({
  about: `Read the log of a consumer again, and compare states, emissions and failures with the live ones.

The log is applied in memory by the code of this project, from the first record that it still has. Nothing is changed: neither Redis nor Kafka is written to, and no consumer
group is used.`,
  more: `
The sources of this project must be the deployed ones, with the same settings; otherwise the command fails. It keeps
the entities of one partition in memory, and the emissions of the compared time.

The exit status is 0 if all is equal, 1 if something differs, and 3 if it could not be compared. Differences that the
log cannot explain are counted with their reason: other code, states that were dropped or reprocessed, expired
records, failures caused by a bug or a receiver. Entities with records that the log no longer has are not comparable:
they are counted, and are never a difference.

Examples:
  sluice verify processor
  sluice verify alerting --partition 3
  sluice verify processor --json`,
  fields: {
    consumer: nameField('name of the consumer in serverless.yml'),
    topic: optionField('<topic>', 'signal, if the consumer reads several'),
    partition: numberField('only this partition'),
    all: flagField('list every difference, not only the first 20'),
    metric: flagField(
      'print a line for CloudWatch (embedded metric format), and the report on standard error',
    ),
    json: JSON_OPTION,
    env: environment('of the consumer'),
  },
  conflicts: [['json', 'metric']],
  async run({ consumer, ...options }, terminal) {
    const { verifyConsumer } = await import('./verify-consumer.ts')
    await verifyConsumer(consumer, options, terminal)
  },
})

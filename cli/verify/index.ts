import {
  argument,
  command,
  environment,
  flag,
  JSON_OPTION,
  NATURAL,
  option,
  optionWithDefault,
  SOME_TEXT,
  TIME_OR_AGO,
} from '../command.ts'

const SINCE_MS = 60 * 60_000

export default command({
  about: `Read the log of a consumer again beside it, and compare states, emissions and failures with the live ones.

The log is applied in memory by the code of this project, from the newest checkpoint of --since or earlier, or from the start of the
log where there is none. Nothing is changed: neither Redis nor Kafka is written to, and no consumer group is used.`,
  more: `
The sources of this project must be those that are deployed, with the same settings: otherwise the command refuses. It holds the entities of one
partition in memory, and the emissions of the time that it looks at.

The exit status is 0 if all is equal, 1 if something differs, and 3 if it could not be compared. What no log gives again is counted with its
reason: other code, states that were restored or reprocessed, expired records, failures by a bug or a receiver.

Examples:
  sluice verify processor
  sluice verify alerting --since 2026-03-01T00:00:00Z --partition 3
  sluice verify processor --from-start --json`,
  args: {
    consumer: argument('its name, as in serverless.yml', SOME_TEXT),
  },
  options: {
    since: optionWithDefault(
      '<time>',
      'a time (RFC 3339), or a duration before now',
      TIME_OR_AGO,
      Date.now() - SINCE_MS,
      '1h',
    ),
    fromStart: flag('from the start of the log, without a checkpoint'),
    topic: option('<topic>', 'the signal, where the consumer reads several', SOME_TEXT),
    partition: option('<n>', 'only this one', NATURAL),
    all: flag('list every difference, not only the first 20'),
    metric: flag('print a line for CloudWatch (embedded metric format), and the report on standard error'),
    json: JSON_OPTION,
    env: environment('whose servers are meant'),
  },
  async run({ consumer, ...options }, terminal) {
    const { verifyConsumer } = await import('./verify.ts')
    await verifyConsumer(consumer, options, terminal)
  },
})

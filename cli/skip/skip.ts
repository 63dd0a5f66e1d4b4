import { mapKind, text } from '#runtime/settings/index.ts'
import {
  argument,
  argumentList,
  command,
  environment,
  flag,
  JSON_OPTION,
  option,
  SOME_TEXT,
} from '../command.ts'

const PLACE = mapKind(text(/^\d{1,10}@\d{1,15}$/, 'a place, PARTITION@OFFSET'), at => {
  const [partition, offset] = at.split('@').map(Number) as [number, number]
  return { partition, offset }
})

export default command({
  about: `Turn a record at which the function of a consumer hangs or exits into a dead letter.

A step that never returns, runs out of memory or exits the process reports no failure: its batch is delivered again
and again, and the partition is stalled. The record is one of the batch after the applied offset that \`sluice state
show\` prints; with batchSize 1, it is the next one. This command does not change the state. A skipped record fails with
the code "skipped" when the consumer reaches it; it can be redriven once the code is fixed.`,
  more: `
The record is skipped whenever the consumer reads it, even if its state is lost or recomputed. --undo reverts that, so
that fixed code applies the record at its original position with \`sluice reprocess\`. A redrive does not need --undo.
A timer that hangs cannot be skipped.

Examples:
  sluice skip alerting 3@1042 --dry-run
  sluice skip alerting 3@1042 --yes
  sluice skip alerting 3@1042 --undo`,
  args: {
    consumer: argument('name of the consumer in serverless.yml', SOME_TEXT),
    at: argumentList('records as PARTITION@OFFSET', PLACE),
  },
  options: {
    topic: option('<topic>', 'signal or full name (default: the topic in which the records wait)', SOME_TEXT),
    undo: flag('no longer skip the records'),
    dryRun: flag('show the records that would be skipped, without changing anything'),
    yes: flag('do not ask for confirmation'),
    json: JSON_OPTION,
    env: environment('of the consumer'),
  },
  conflicts: [['undo', 'dryRun']],
  confirms: ['yes', 'dryRun', 'undo'],
  async run({ consumer, at, ...options }, terminal) {
    const { skipRecords } = await import('./skip-records.ts')
    await skipRecords(consumer, at, options, terminal)
  },
})

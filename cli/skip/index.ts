import { mapped, text } from '../../packages/runtime/settings/values.ts'
import {
  argument,
  command,
  DURATION,
  environment,
  flag,
  JSON_OPTION,
  option,
  optionalArguments,
  optionWithDefault,
  SOME_TEXT,
} from '../command.ts'

const WITHIN_MS = 10_000

const PLACE = mapped(text(/^\d{1,10}@\d{1,15}$/, 'a place, PARTITION@OFFSET'), at => {
  const [partition, offset] = at.split('@').map(Number) as [number, number]
  return { partition, offset }
})

export default command({
  about: `Find the record at which the function of a consumer hangs or exits, and turn it into a dead letter.

A step that never returns, runs out of memory or exits the process reports no failure: its batch is delivered again
and again, and the partition is stalled. This command processes the next records of each partition with the code of
this project, in a separate program, and reports the record at which that program hangs or exits. It does not change
the state. A skipped record fails with the code "skipped" when the consumer reaches it; it can be redriven once the
code is fixed.`,
  more: `
The record is skipped whenever the consumer reads it, even if its state is lost or recomputed. --undo reverts that, so
that fixed code applies the record at its original position with \`sluice reprocess\`. A redrive does not need --undo.

The sources must be the deployed ones. The records of a consumer that delivers to a receiver cannot be tried: specify
the record. A timer that hangs cannot be skipped: the search reports the record before which it fires.

Examples:
  sluice skip alerting --dry-run
  sluice skip alerting 3@1042 --yes
  sluice skip alerting 3@1042 --undo`,
  args: {
    consumer: argument('name of the consumer in serverless.yml', SOME_TEXT),
    at: optionalArguments('records as PARTITION@OFFSET (default: search for them)', PLACE),
  },
  options: {
    topic: option('<topic>', 'signal or full name (default: all topics of the consumer)', SOME_TEXT),
    within: optionWithDefault('<duration>', 'time limit for one record', DURATION, WITHIN_MS, '10s'),
    undo: flag('no longer skip the records'),
    dryRun: flag('show the records that would be skipped, without changing anything'),
    yes: flag('do not ask for confirmation'),
    json: JSON_OPTION,
    env: environment('of the consumer'),
  },
  async run({ consumer, at, ...options }, terminal) {
    const { skip } = await import('./skip.ts')
    await skip(consumer, at, options, terminal)
  },
})

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
  about: `Find the record that hangs or ends the function of a consumer, and set it aside as a dead letter.

A step that never returns, runs out of memory or ends the process leaves no failure behind: its batch is delivered again and again, and the
partition is stalled. This command decides the next records of each partition with the code of this project, in a program of its own, and names the
record at which that hangs or ends. It changes nothing of the state. A record that is set aside fails with the code "skipped" when the
consumer comes to it; it can be redriven once the code is mended.`,
  more: `
The record stays set aside wherever the consumer reads it: also if its state is lost, or computed anew. --undo takes that back, so that mended
code applies it in its place with \`sluice reprocess\`. Redriving needs no --undo.

The sources must be those that are deployed. A consumer that delivers to a receiver is not tried: name its record. A timer that hangs cannot
be set aside: the search reports the record before which it fires, and says so.

Examples:
  sluice skip alerting --dry-run
  sluice skip alerting 3@1042 --yes
  sluice skip alerting 3@1042 --undo`,
  args: {
    consumer: argument('its name, as in serverless.yml', SOME_TEXT),
    at: optionalArguments('records by PARTITION@OFFSET; without one, they are searched', PLACE),
  },
  options: {
    topic: option('<topic>', 'the signal or the whole name, where the consumer reads several', SOME_TEXT),
    within: optionWithDefault('<duration>', 'how long one record may take', DURATION, WITHIN_MS, '10s'),
    undo: flag('no longer set the records aside'),
    dryRun: flag('name what would be set aside, and change nothing'),
    yes: flag('do not ask'),
    json: JSON_OPTION,
    env: environment('whose servers are meant'),
  },
  async run({ consumer, at, ...options }, terminal) {
    const { skip } = await import('./skip.ts')
    await skip(consumer, at, options, terminal)
  },
})

import { fromKind } from '../../lib/operations/reprocess/from.ts'
import {
  argument,
  command,
  environment,
  flag,
  JSON_OPTION,
  NATURAL,
  option,
  optionWithDefault,
  POSITIVE,
  SOME_TEXT,
} from '../command.ts'

const AT_ONCE = 4

export default command({
  about: `Compute the states of a consumer anew from the log, and replace the live ones.

New states are built beside the live ones, by the deployed code, while the consumer continues. Each partition is switched in
one step, once its new state has come as far as the live one. Nothing that is emitted on the way is published. At the switch, alerts
are matched by rule and entity: one that both states have continues under its id, one that only the live state has is resolved
(reason reprocessed), and one that only the new state has fires.`,
  more: `
TIME is RFC 3339 or a duration before now; "start" is the first record that the log still has; "checkpoint" is the newest checkpoint of
each partition, "checkpoint:TIME" the newest by then. A state that begins at a time knows nothing of entities that have not
reported since.

The sources of this project must be those that are deployed, with the same settings: otherwise the command refuses.

Examples:
  sluice reprocess alerting --from start --dry-run
  sluice reprocess alerting --from 2026-03-01T00:00:00Z
  sluice reprocess processor --from checkpoint --partition 3
  sluice reprocess alerting --resume`,
  args: {
    consumer: argument('its name, as in serverless.yml', SOME_TEXT),
  },
  options: {
    from: option('<time|checkpoint>', 'where the new states begin', fromKind(Date.now())),
    topic: option('<topic>', 'the signal, where the consumer reads several', SOME_TEXT),
    partition: option('<n>', 'only this one', NATURAL),
    atOnce: optionWithDefault('<n>', 'how many partitions side by side', POSITIVE, AT_ONCE),
    resume: flag('continue an earlier command'),
    discard: flag('remove what an earlier command has begun'),
    dryRun: flag('compute all states, show the events of the switch, and remove the states'),
    yes: flag('do not ask'),
    json: JSON_OPTION,
    env: environment('whose servers are meant'),
  },
  async run({ consumer, ...options }, terminal) {
    const { reprocess } = await import('./reprocess.ts')
    await reprocess(consumer, options, terminal)
  },
})

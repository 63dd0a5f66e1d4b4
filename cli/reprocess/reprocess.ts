import { createFromKind } from '../../lib/operations/reprocess/start.ts'
import {
  argument,
  command,
  environment,
  flag,
  JSON_OPTION,
  NATURAL,
  option,
  requiredOption,
  SOME_TEXT,
} from '../command.ts'
import { requireTerminal } from '../operation/confirm.ts'

export default command({
  about: `Recompute the states of a consumer from the log, and replace the live ones.

New states are computed in memory, one partition at a time, by the deployed code, while the consumer continues. Each
partition is switched in one step, once its new state has caught up with the live one. Interrupted commands leave each
partition either unchanged or switched: run the command again, with --partition for a single one. Events emitted during the computation are
not published. At the switch, alerts are matched by rule and entity: one that fires in both states continues under its
id, one that only the live state has is resolved (reason reprocessed), and one that only the new state has fires.`,
  more: `
TIME is RFC 3339 or a duration before now; "start" is the first record that is still in the log. An entity whose state
comes from records before the start is left as it is. With --drop-older, its new state has the later records alone,
and an entity that has not reported since is gone.

The sources of this project must be the deployed ones, with the same settings; otherwise the command fails.

Examples:
  sluice reprocess alerting --from start --dry-run
  sluice reprocess alerting --from 2026-03-01T00:00:00Z
  sluice reprocess processor --from start --partition 3 --drop-older`,
  args: {
    consumer: argument('name of the consumer in serverless.yml', SOME_TEXT),
  },
  options: {
    from: requiredOption('<time>', 'start of the new states', createFromKind(Date.now())),
    topic: option('<topic>', 'signal, if the consumer reads several', SOME_TEXT),
    partition: option('<n>', 'only this partition', NATURAL),
    dropOlder: flag('also replace states that come from records before the start'),
    dryRun: flag('compute all states, and show the events of the switch'),
    yes: flag('do not ask for confirmation'),
    json: JSON_OPTION,
    env: environment('of the consumer'),
  },
  async run({ consumer, ...options }, terminal) {
    if (!options.yes && !options.dryRun) requireTerminal(terminal)
    const { reprocessConsumer } = await import('./reprocess-consumer.ts')
    await reprocessConsumer(consumer, options, terminal)
  },
})

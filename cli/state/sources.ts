import { stateKeysOf, topicOf } from '../../lib/operations/state-keys.ts'
import { entitySources } from '../../lib/queries/entity-sources.ts'
import { StateReader } from '../../packages/runtime/adapters/redis/state-reader.ts'
import { oneOf } from '../../packages/runtime/settings/values.ts'
import {
  argument,
  command,
  environment,
  JSON_OPTION,
  NATURAL,
  option,
  optionWithDefault,
  POSITIVE,
  SOME_TEXT,
} from '../command.ts'
import { configOf, withRedis } from '../connections.ts'
import { printReport } from '../terminal.ts'
import { boundsOf } from './log.ts'
import { sourcesText } from './sources-text.ts'

const MOST = 10

export default command({
  about: `Show the producers with the most entities in the states of a consumer, in descending order.

The command reads the name and the state of every entity, in pages, while the consumer continues. --by prefix counts
sources together that differ only after their last "/", because a faulty producer may use another source for each
entity.`,
  more: `
To remove the entities that match a pattern, use \`sluice state erase --matching\`.

Examples:
  sluice state sources processor
  sluice state sources alerting --by prefix --most 3`,
  args: {
    consumer: argument('name of the consumer in serverless.yml', SOME_TEXT),
  },
  options: {
    topic: optionWithDefault(
      '<topic>',
      'signal, such as readings or patterns, or full name of a topic',
      SOME_TEXT,
      'readings',
    ),
    partition: option('<n>', 'only this partition', NATURAL),
    by: optionWithDefault(
      '<what>',
      'count by source, or by its prefix',
      oneOf(['source', 'prefix']),
      'source',
    ),
    most: optionWithDefault('<n>', 'maximum number of lines', POSITIVE, MOST),
    json: JSON_OPTION,
    env: environment('to look at'),
  },
  async run({ env, json, by, most, ...wanted }, terminal) {
    const config = configOf(terminal, env)
    await withRedis(config, async (client, connections) => {
      const bounds = await boundsOf(connections, topicOf(wanted, config.env))
      const stateKeys = stateKeysOf(
        wanted,
        config.env,
        typeof bounds === 'string' ? undefined : bounds.length,
      )
      const report = await entitySources(new StateReader(client), stateKeys, { by, most })
      printReport(terminal, { consumer: wanted.consumer, by, ...report }, json, sourcesText)
    })
  },
})

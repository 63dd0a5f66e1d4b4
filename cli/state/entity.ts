import { resolveTopic, selectStateKeys } from '../../lib/operations/state-keys.ts'
import { listEntityStates } from '../../lib/queries/states/entities.ts'
import { nameField, numberField, optionField, withInitial } from '../../lib/questions/field.ts'
import { readLog } from '../../lib/questions/states.ts'
import { command, environment, JSON_OPTION } from '../command.ts'
import { CliFailure } from '../failure.ts'
import { requireConsumer } from '../options/consumer.ts'
import { withEnvironment } from '../servers/environment.ts'
import { resolveConfig } from '../servers/settings.ts'
import { printReport } from '../terminal.ts'
import { formatEntities } from './entity-text.ts'

export default command({
  about: 'Show the state of an entity in a consumer, and its timers.',
  more: `
Examples:
  sluice state entity alerting roof-1`,
  fields: {
    consumer: nameField('name of the consumer in serverless.yml'),
    entity: nameField('whole subject of the entity, or words of its source and subject'),
    topic: withInitial(
      optionField('<topic>', 'signal, such as readings or failures, or full name of a topic'),
      'readings',
    ),
    partition: numberField('only this partition'),
    json: JSON_OPTION,
    env: environment('to look at'),
  },
  async run({ env, entity, json, ...wanted }, terminal) {
    const config = resolveConfig(terminal, env)
    await withEnvironment(config, async environment => {
      const topic = resolveTopic(wanted, config)
      const { partitions } = await readLog(environment, topic)
      const stateKeys = selectStateKeys(wanted, config, partitions || undefined)
      const found = await listEntityStates(await environment.inspection(), stateKeys, entity)
      if (found.length > 0) return printReport(terminal, found, json, formatEntities)
      requireConsumer(wanted.consumer)
      throw new CliFailure(`${wanted.consumer} has no entity of ${topic} that matches "${entity}".`)
    })
  },
})

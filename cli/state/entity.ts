import { readFunctions } from '../../control/environment/function-entries.ts'
import { listConsumers } from '../../control/environment/functions.ts'
import { resolveTopic, selectStateKeys, unknownConsumerFailure } from '../../control/operations/state-keys.ts'
import {
  type EntityState,
  type HeldState,
  listEntityStates,
  type TimerState,
} from '../../control/queries/states/entities.ts'
import { nameField, numberField, optionField, withInitial } from '../../control/questions/field.ts'
import { readLog } from '../../control/questions/states.ts'
import { durationText } from '../../lib/support/duration.ts'
import { command, environment, JSON_OPTION } from '../command.ts'
import { CliFailure } from '../failure.ts'
import { escapeText } from '../output/text-width.ts'
import { withEnvironment } from '../servers/environment.ts'
import { resolveConfig } from '../servers/settings.ts'
import { printReport } from '../terminal.ts'

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

/** @throws OperationFailure if the project has no such consumer */
function requireConsumer(name: string): void {
  const functions = readFunctions()
  if (!listConsumers(functions).includes(name)) throw unknownConsumerFailure(functions, name)
}

export function formatEntities(reports: readonly EntityState[]): string {
  const blocks = reports.map(({ partition, entity, version, state, timers, held }) =>
    [
      `${escapeText(entity)} (partition ${partition}${version === undefined ? '' : `, version ${version}`})`,
      state === undefined ? 'no state yet' : JSON.stringify(state, null, 2),
      ...timers.map(timer => `timer ${formatTimer(timer)}`),
      ...(held ? formatHeld(held) : []),
    ].join('\n'),
  )
  return `${blocks.join('\n\n')}\n`
}

function formatHeld({ failure, parked, endsAfterMs, timers }: HeldState): string[] {
  const events = parked.length === 0 ? 'no events' : `${parked.length} events, from offset ${parked[0]} on`
  const until = `until log time has advanced by more than ${durationText(endsAfterMs)}`
  return [
    failure === null
      ? `parked: ${events}, which the next record of the partition releases`
      : `held for failure ${failure}, at most ${until}; parked: ${events}`,
    ...timers.map(
      ({ name, due }) => `timer ${name} due ${due}, which does not fire while the entity is held`,
    ),
  ]
}

function formatTimer({ name, due, firesAfterMs }: TimerState): string {
  return `${name} due ${due}, fires when log time has advanced by more than ${durationText(firesAfterMs)}`
}

import { join } from 'node:path'
import { optionalNameField } from '../../control/questions/field.ts'
import { FAMILIES, GENERAL, NOTIFICATIONS, RECEIVERS, readSettings } from '../../lib/app/settings/index.ts'
import { loadReceivers, RECEIVERS_FILE } from '../../lib/notification/adapters/load-receivers.ts'
import type { Receiver } from '../../lib/notification/receiver.ts'
import { fileFailure } from '../../lib/support/operation-failure.ts'
import { awsPlace } from '../../scripts/aws-endpoint.ts'
import { command, environment, JSON_OPTION } from '../command.ts'
import { CliFailure } from '../failure.ts'
import { formatList } from '../output/table.ts'
import { addStack } from '../servers/settings.ts'
import { printReport, resolvePath } from '../terminal.ts'
import { type ReceiverResult, tryReceivers } from './try-receivers.ts'

interface Report {
  readonly env: string
  readonly receivers: readonly ReceiverResult[]
}

export default command({
  about: `Send a test notification to all receivers, or to one, and report the result.

The notification is sent directly to the receivers, without Kafka. It has the reason "test" and one alert, which states
that there is no incident. The exit status is 1 if a receiver did not accept it.`,
  more: `
Examples:
  sluice alerts send-test
  sluice alerts send-test pager --json`,
  fields: {
    receiver: optionalNameField('name of the receiver in the receivers file (default: all)'),
    json: JSON_OPTION,
    env: environment('that the test names'),
  },
  withoutKafka: true,
  async run({ receiver: name, env, json }, terminal) {
    const reaching = addStack(terminal.environment, terminal)
    const environment = env === undefined ? reaching : { ...reaching, SLUICE_ENV: env }
    const config = readSettings([FAMILIES, GENERAL, NOTIFICATIONS, RECEIVERS], environment)
    const folder = config.notificationsDir
    const all = await readReceivers(resolvePath(terminal, folder), folder)
    const chosen = chooseReceivers(all, name, join(folder, RECEIVERS_FILE))
    const receivers = await tryReceivers(chosen, config, awsPlace(environment))
    printReport(terminal, { env: config.env, receivers }, json, formatReport)
    const failed = receivers.filter(({ delivered }) => !delivered).length
    if (failed > 0)
      throw new CliFailure(
        `${failed} of ${chosen.length} ${chosen.length === 1 ? 'receiver' : 'receivers'} did not accept the test.`,
      )
  },
})

function readReceivers(folder: string, shown: string): Promise<readonly Receiver[]> {
  return loadReceivers(folder, shown).catch(error => {
    throw fileFailure(shown, error)
  })
}

function chooseReceivers(
  receivers: readonly Receiver[],
  name: string | undefined,
  file: string,
): readonly Receiver[] {
  if (name === undefined) return receivers
  const found = receivers.filter(receiver => receiver.name === name)
  if (found.length > 0) return found
  const names = receivers.map(receiver => receiver.name).join(', ')
  throw new CliFailure(`${file} has no receiver "${name}". Its receivers are: ${names}.`)
}

function formatReport({ receivers }: Report): string {
  const rows = receivers.map(({ name, kind, delivered, ms, why }) => [
    ...[name, kind, delivered ? `delivered in ${ms} ms` : `not delivered: ${why}`],
  ])
  return formatList(rows)
    .map(line => `${line}\n`)
    .join('')
}

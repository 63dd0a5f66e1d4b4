import { oneOf, port } from '#runtime/settings'
import { ROLES } from '../../console/http/person.ts'
import { optionField, withInitial } from '../../control/questions/field.ts'
import { LOCAL_PORTS } from '../../lib/app/settings/local-ports.ts'
import { command, environment } from '../command.ts'
import { SERVER_OPTIONS } from '../own-server.ts'
import { settingOption } from '../setting-options.ts'

export default command({
  about: `Serve the console, a web page that shows an environment and changes it, until Ctrl-C.

The command prints an address on this machine with a token. Anyone with that address acts as you: changes are audited
under your name. \`npm start\` serves a console as well.`,
  more: `
Examples:
  sluice console
  sluice console --env prod --cluster-arn arn:aws:kafka:… --role viewer
  sluice --stack lab console --port 8060`,
  fields: {
    env: environment('to show'),
    port: settingOption(LOCAL_PORTS.settings, 'CONSOLE_PORT'),
    ...SERVER_OPTIONS,
    metricsTokenFile: optionField(
      '<file>',
      'file with the token of /metrics (default: SLUICE_METRICS_TOKEN, else none on the loopback address)',
    ),
    kafkaUiPort: optionField('<number>', 'a second port, which opens with the pages about Kafka', port()),
    role: withInitial(optionField('<role>', 'whether changes are possible', oneOf(ROLES)), 'operator'),
  },
  async run(options, terminal) {
    const { showConsole } = await import('./serve-console.ts')
    await showConsole(options, terminal)
  },
})

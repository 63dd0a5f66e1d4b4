import { port } from '../../packages/runtime/settings/values.ts'
import { command, environment, optionWithDefault, SOME_TEXT } from '../command.ts'

export default command({
  about: `Serve ksqlDB's REST interface to the tables of config/views, until Ctrl-C: rows of now, and changes as they come.

The command prints an address on this machine and a token. Clients send it as the password of basic authentication,
with any user name, or as a bearer token. Tables are not created or dropped here: use \`sluice views apply\` and
\`sluice views drop\`.`,
  more: `
Examples:
  sluice views serve
  curl -u any:TOKEN http://127.0.0.1:8088/ksql -d '{"ksql": "SHOW TABLES;"}'
  curl -u any:TOKEN http://127.0.0.1:8088/query -d '{"ksql": "SELECT * FROM device_activities;"}'`,
  options: {
    env: environment('of the tables'),
    port: optionWithDefault('<number>', 'port to listen on', port(), 8088),
    host: optionWithDefault(
      '<address>',
      'address to listen on; in a container, 0.0.0.0',
      SOME_TEXT,
      '127.0.0.1',
    ),
  },
  async run(options, terminal) {
    const { serveTables } = await import('./serving.ts')
    await serveTables(options, terminal)
  },
})
